import type { V1Secret } from '@kubernetes/client-node';
import type { MeshCluster } from '../mesh/attach.ts';
import { applyAll, deleteIfThere } from '../mesh/cluster-api.ts';
import { whileWaiting } from '../waiting.ts';

/** On a copy of a Secret as it was before a fault: the name of the one that it is a copy of. */
export const keptLabel = 'meshproof.dev/kept';

/** On a copy: type, labels and annotations of the Secret, by which it is made anew where it was deleted. */
export const keptHeadAnnotation = 'meshproof.dev/kept-head';

/** The name of the copy of a Secret; one fault at a time changes a Secret. */
export const keptName = (secret: string): string => `meshproof-kept-${secret}`;

/**
 * Copies a Secret within its namespace, under a name and labels that nobody looks for: what it holds never leaves the
 * cluster, is not lost when this process is killed, and is read by those alone who could read it before. A copy that is
 * there already is of the Secret before an outer fault, and stays.
 */
export async function keepSecret(cluster: MeshCluster, namespace: string, name: string): Promise<void> {
  if (await readKept(cluster, namespace, name)) return;
  const secret = await whileWaiting(() => cluster.api.core.readNamespacedSecret({ namespace, name }));
  const { labels = {}, annotations = {} } = secret.metadata ?? {};
  const head = JSON.stringify({ type: secret.type ?? 'Opaque', labels, annotations } satisfies Head);
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
  await whileWaiting(() => cluster.api.core.createNamespacedSecret({ namespace, body: copy }));
}

interface Head {
  type: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

/** Replaces what a Secret holds, nothing else of it. */
export async function writeSecretData(
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

/** What a Secret held before it was changed; undefined when it was not, or has been put back. */
export const readKept = async (
  cluster: MeshCluster,
  namespace: string,
  name: string,
): Promise<Record<string, string> | undefined> => (await readCopy(cluster, namespace, name))?.data;

async function readCopy(
  cluster: MeshCluster,
  namespace: string,
  name: string,
): Promise<V1Secret | undefined> {
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedSecret({ namespace, labelSelector: `${keptLabel}=${name}` }),
  );
  return items.find(({ metadata }) => metadata?.name === keptName(name));
}

/**
 * Puts back what a Secret held, makes it anew where it was deleted, and takes the copy away. Does nothing when there is
 * none.
 */
export async function putSecretBack(cluster: MeshCluster, namespace: string, name: string): Promise<void> {
  const copy = await readCopy(cluster, namespace, name);
  if (copy?.data === undefined) return;
  if (await isThere(cluster, namespace, name)) await writeSecretData(cluster, namespace, name, copy.data);
  else await makeAnew(cluster, namespace, name, copy);
  await dropKept(cluster, namespace, name);
}

async function isThere({ api }: MeshCluster, namespace: string, name: string): Promise<boolean> {
  const fieldSelector = `metadata.name=${name}`;
  const { items } = await whileWaiting(() => api.core.listNamespacedSecret({ namespace, fieldSelector }));
  return items.length > 0;
}

async function makeAnew(
  cluster: MeshCluster,
  namespace: string,
  name: string,
  { metadata, data = {} }: V1Secret,
): Promise<void> {
  const head = metadata?.annotations?.[keptHeadAnnotation];
  if (head === undefined)
    throw new Error(
      `Secret ${namespace}/${name} of ${cluster.name} is gone, and its copy does not tell its labels.`,
    );
  const { type, ...labelled } = JSON.parse(head) as Head;
  const body: V1Secret = {
    ...{ apiVersion: 'v1', kind: 'Secret', type, data },
    metadata: { namespace, name, ...labelled },
  };
  await whileWaiting(() => cluster.api.core.createNamespacedSecret({ namespace, body }));
}

/** Takes the copy of a Secret away. */
export const dropKept = (cluster: MeshCluster, namespace: string, name: string): Promise<void> =>
  whileWaiting(() =>
    deleteIfThere(() => cluster.api.core.deleteNamespacedSecret({ namespace, name: keptName(name) })),
  );

/** Makes a Secret in which Kubernetes puts a token of an account, and waits for it. */
export async function issueToken(
  cluster: MeshCluster,
  account: { namespace: string; name: string },
  secretName: string,
): Promise<void> {
  const metadata = {
    namespace: account.namespace,
    name: secretName,
    labels: { [issuedLabel]: 'true' },
    annotations: { 'kubernetes.io/service-account.name': account.name },
  };
  await whileWaiting(() =>
    applyAll(cluster.api, [
      { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/service-account-token' },
    ]),
  );
}

/** On a token that was issued for a fault. */
export const issuedLabel = 'meshproof.dev/issued';
