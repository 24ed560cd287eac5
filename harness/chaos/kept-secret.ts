import { createHash } from 'node:crypto';
import type { V1Secret } from '@kubernetes/client-node';
import { z } from 'zod';
import { whileWaiting } from '../base/waiting.ts';
import { deleteIfThere } from '../kube/cluster-api.ts';
import type { MeshCluster } from '../mesh/attach.ts';
import { isSigned, signed } from '../mesh/mark-signature.ts';
import { ChangedSince } from './heal/changed-since.ts';
import { secretHeader, tokenType } from './issued-secret.ts';

/** On a copy of a Secret before a fault: the name of that Secret. */
export const keptLabel = 'meshproof.dev/kept';

/** On a copy: type, labels and annotations of the Secret, for recreating it when it was deleted. */
export const keptHeadAnnotation = 'meshproof.dev/kept-head';

/** On a copy: hashes of the data that faults wrote, or were about to write. Somebody else wrote any other data. */
export const writtenAnnotation = 'meshproof.dev/written';

/** The name of the copy of a Secret. One fault at a time changes a Secret. */
export const keptName = (secret: string): string => `meshproof-kept-${secret}`;

/**
 * Copies a Secret within its namespace, under another name and without its labels. So the data never leaves the
 * cluster, survives this process, and has the readers that it had. A copy that exists is of the Secret before an
 * outer fault, and stays. The copy is signed together with its data.
 *
 * @throws Error when a copy exists that this machine did not write, or when Kubernetes fills the Secret with a token;
 * ChangedSince when somebody has changed the Secret since that copy was made: healing would overwrite the change.
 */
export async function keepSecret(cluster: MeshCluster, namespace: string, name: string): Promise<void> {
  const there = await readOwnCopy(cluster, namespace, name);
  if (there) return requireOurs(cluster, namespace, name, there);
  const secret = await whileWaiting(() => cluster.api.core.readNamespacedSecret({ namespace, name }));
  requireNoToken(cluster, secret);
  const { labels = {}, annotations = {} } = secret.metadata ?? {};
  const head = JSON.stringify({ type: secret.type ?? 'Opaque', labels, annotations } satisfies SecretHead);
  const copy: V1Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      ...{ namespace, name: keptName(name), labels: { [keptLabel]: name } },
      annotations: { [keptHeadAnnotation]: head },
    },
    type: 'Opaque',
    ...(secret.data === undefined ? {} : { data: secret.data }),
  };
  const body = await withSignature(cluster, namespace, name, copy);
  await whileWaiting(() => cluster.api.core.createNamespacedSecret({ namespace, body }));
}

/** Kubernetes fills a Secret of this type with a token of the account that its annotation names, so a copy of one is a new token. */
function requireNoToken(cluster: MeshCluster, { type, metadata }: V1Secret): void {
  if (type !== tokenType) return;
  throw new Error(
    `Secret ${metadata?.namespace}/${metadata?.name} of cluster ${cluster.name} is not changed: its type is ${tokenType}. ` +
      'Create it as an Opaque Secret, as `istioctl create-remote-secret` does.',
  );
}

/** The shape of the type, labels and annotations of a Secret in the annotation of its copy. */
export const secretHeadSchema = z.strictObject({
  type: z.string(),
  labels: z.record(z.string(), z.string()),
  annotations: z.record(z.string(), z.string()),
});
type SecretHead = z.infer<typeof secretHeadSchema>;

const copyHeader = (namespace: string, name: string) => secretHeader({ namespace, name: keptName(name) });

/** The values that the signature of a copy covers: the Secret, its head, the hashes, and all data. */
const signedValues = (name: string, { metadata, data }: V1Secret): (string | undefined)[] => [
  name,
  metadata?.annotations?.[keptHeadAnnotation],
  metadata?.annotations?.[writtenAnnotation],
  JSON.stringify(Object.entries(data ?? {}).toSorted()),
];

async function withSignature(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  copy: V1Secret,
): Promise<V1Secret> {
  const values = signedValues(name, copy);
  const signature = await signed(cluster, 'kept-secret', copyHeader(namespace, name), values);
  return {
    ...copy,
    metadata: { ...copy.metadata, annotations: { ...copy.metadata?.annotations, ...signature } },
  };
}

/** Whether this machine wrote a copy, unchanged since. */
export const isOwnCopy = (
  cluster: MeshCluster,
  namespace: string,
  name: string,
  copy: V1Secret,
): Promise<boolean> =>
  isSigned(
    copy.metadata?.annotations,
    ...([cluster, 'kept-secret', copyHeader(namespace, name), signedValues(name, copy)] as const),
  );

/**
 * Refuses a Secret that has a copy of another origin.
 *
 * @throws Error when this machine did not write the copy, or when the copy was changed since.
 */
export const refuseForeignCopy = async (
  cluster: MeshCluster,
  namespace: string,
  name: string,
): Promise<void> => void (await readOwnCopy(cluster, namespace, name));

/**
 * Whether a Secret has its data from before the fault, or data that a fault wrote. A deleted Secret has no data of
 * somebody else.
 */
const isOurs = (copy: V1Secret, now: V1Secret | undefined): boolean =>
  !now || [hashOf(copy.data), ...writtenIn(copy)].includes(hashOf(now.data));

async function requireOurs(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  copy: V1Secret,
): Promise<void> {
  if (!isOurs(copy, await readSecret(cluster, namespace, name))) throw changedSince(cluster, namespace, name);
}

const changedSince = (cluster: MeshCluster, namespace: string, name: string): ChangedSince =>
  new ChangedSince(`Secret ${namespace}/${name} of ${cluster.name}`, `Secret ${namespace}/${keptName(name)}`);

/**
 * Replaces the data of a kept Secret, after noting a hash of the data on its copy.
 *
 * @throws ChangedSince if somebody has changed the data since: then it stays.
 */
export async function writeSecretData(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  data: Record<string, string>,
): Promise<void> {
  await noteWritten(cluster, namespace, name, hashOf(data));
  await replaceData(cluster, namespace, name, data);
}

/** The note comes first: a process that is killed in between has not changed the Secret. */
async function noteWritten(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  hash: string,
): Promise<void> {
  const copy = await readOwnCopy(cluster, namespace, name);
  if (!copy)
    throw new Error(
      `Secret ${namespace}/${name} of ${cluster.name} cannot be changed: it does not have a copy. Run the fault again.`,
    );
  await requireOurs(cluster, namespace, name, copy);
  const annotations = {
    ...copy.metadata?.annotations,
    [writtenAnnotation]: [...writtenIn(copy), hash].join(' '),
  };
  const noted = { ...copy, metadata: { ...copy.metadata, annotations } };
  const body = await withSignature(cluster, namespace, name, noted);
  await whileWaiting(() =>
    cluster.api.core.replaceNamespacedSecret({ namespace, name: keptName(name), body }),
  );
}

const writtenIn = ({ metadata }: V1Secret): string[] =>
  (metadata?.annotations?.[writtenAnnotation] ?? '').split(' ').filter((one) => one !== '');

/** A hash that identifies the data of a Secret without revealing it. */
const hashOf = (data: Record<string, string> | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(data ?? {}).toSorted()))
    .digest('hex')
    .slice(0, 16);

async function replaceData(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  data: Record<string, string>,
): Promise<void> {
  await whileWaiting(async () => {
    const secret = await cluster.api.core.readNamespacedSecret({ namespace, name });
    await cluster.api.core.replaceNamespacedSecret({ namespace, name, body: { ...secret, data } });
  });
}

/**
 * The data of a Secret before the fault; undefined if it was not changed, or was restored.
 *
 * @throws Error when its copy is not as this machine wrote it.
 */
export const readKept = async (
  cluster: MeshCluster,
  namespace: string,
  name: string,
): Promise<Record<string, string> | undefined> => (await readOwnCopy(cluster, namespace, name))?.data;

async function readOwnCopy(
  cluster: MeshCluster,
  namespace: string,
  name: string,
): Promise<V1Secret | undefined> {
  const copy = await readSecret(cluster, namespace, keptName(name));
  if (!copy || (await isOwnCopy(cluster, namespace, name, copy))) return copy;
  throw new Error(
    `Secret ${namespace}/${keptName(name)} of ${cluster.name} is not a copy that this machine wrote, or was changed since. ` +
      `Secret ${namespace}/${name} stays as it is: run \`meshproof heal\`: it shows how to restore the Secret and how to delete the copy.`,
  );
}

/**
 * Restores the data of a Secret, recreates the Secret if it was deleted, and deletes the copy. Does nothing without a
 * copy. @returns whether the Secret was changed.
 *
 * @throws Error when the copy is not as this machine wrote it; ChangedSince if somebody has changed the data since:
 * Secret and copy then stay.
 */
export async function restoreKeptSecret(
  cluster: MeshCluster,
  namespace: string,
  name: string,
): Promise<boolean> {
  const copy = await readOwnCopy(cluster, namespace, name);
  return copy !== undefined && restoreFromCopy(cluster, namespace, name, copy);
}

/** As {@link restoreKeptSecret}, from a copy that was read and is trusted. */
export async function restoreFromCopy(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  copy: V1Secret,
): Promise<boolean> {
  if (copy.data === undefined) return false;
  const now = await readSecret(cluster, namespace, name);
  const differs = hashOf(now?.data) !== hashOf(copy.data);
  if (!now) await recreate(cluster, namespace, name, copy);
  else if (differs) {
    if (!isOurs(copy, now)) throw changedSince(cluster, namespace, name);
    await replaceData(cluster, namespace, name, copy.data);
  }
  await dropKept(cluster, namespace, name);
  return differs;
}

/** Reads a Secret; undefined if it does not exist. */
export async function readSecret(
  { api }: MeshCluster,
  namespace: string,
  name: string,
): Promise<V1Secret | undefined> {
  const fieldSelector = `metadata.name=${name}`;
  const { items } = await whileWaiting(() => api.core.listNamespacedSecret({ namespace, fieldSelector }));
  return items[0];
}

async function recreate(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  { metadata, data = {} }: V1Secret,
): Promise<void> {
  const head = metadata?.annotations?.[keptHeadAnnotation];
  if (head === undefined)
    throw new Error(
      `Secret ${namespace}/${name} of ${cluster.name} cannot be recreated: its copy does not hold its labels. Create it again, and delete its copy.`,
    );
  const { type, ...labelled } = secretHeadSchema.parse(JSON.parse(head));
  const body: V1Secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', type, data },
    metadata: { namespace, name, ...labelled },
  };
  await whileWaiting(() => cluster.api.core.createNamespacedSecret({ namespace, body }));
}

/** Deletes the copy of a Secret. */
export const dropKept = (cluster: MeshCluster, namespace: string, name: string): Promise<void> =>
  whileWaiting(() =>
    deleteIfThere(() => cluster.api.core.deleteNamespacedSecret({ namespace, name: keptName(name) })),
  );
