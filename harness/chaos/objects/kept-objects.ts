import { PatchStrategy, type KubernetesObject, type V1ConfigMap } from '#kubernetes-client';
import { z } from 'zod';
import { whileWaiting } from '../../base/waiting.ts';
import { applyAll, deleteIfThere, fieldManager } from '../../kube/cluster-api.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { isSigned, signed } from '../../mesh/mark-signature.ts';
import { ChangedSince } from '../heal/changed-since.ts';
import { restoreObject, readObject, type Before } from './cluster-objects.ts';
import { contentHash } from './comparison.ts';
import { headerText, type ObjectHeader } from './edits.ts';
import { editedMetadataSchema } from './edited-metadata.ts';

/** On a ConfigMap with objects as they were before a fault: the id of its journal entry. */
export const keptObjectsLabel = 'meshproof.dev/kept-objects';

const keptName = (id: string): string => `meshproof-kept-objects-${id}`;

/** The schema of {@link Before} in the journal and in the copy. */
export const beforeSchema = z.array(
  z.object({
    header: z.object({
      ...{ apiVersion: z.string(), kind: z.string(), name: z.string() },
      namespace: z.string().optional(),
    }),
    object: z.record(z.string(), z.unknown()).nullable(),
    touched: editedMetadataSchema.optional(),
  }),
);

/** The keys of a copy: the time of the injection, the objects before it, and a hash of each object after it. */
const [timeKey, objectsKey, writtenKey] = ['at', 'objects.json', 'written.json'] as const;
const writtenSchema = z.record(z.string(), z.string());
const nameOf = (header: ObjectHeader): string => `${header.apiVersion} ${headerText(header)}`;

/**
 * The values that the signature of a copy covers. The uid is one of them: a user who may create ConfigMaps cannot
 * create an old copy again, and undo a later change with it.
 */
const signatureOf = (cluster: MeshCluster, { metadata, data }: V1ConfigMap): Parameters<typeof signed> => [
  ...([cluster, 'kept-objects'] as const),
  { apiVersion: 'v1', kind: 'ConfigMap', namespace: metadata?.namespace, name: metadata?.name ?? '' },
  [metadata?.uid, data?.[timeKey], data?.[objectsKey], data?.[writtenKey]],
];

/** Whether this machine wrote a copy, unchanged since. */
export const isOwnCopy = (cluster: MeshCluster, copy: V1ConfigMap): Promise<boolean> =>
  isSigned(copy.metadata?.annotations, ...signatureOf(cluster, copy));

/**
 * Keeps objects as they are in their cluster, so that they can be restored when the journal is lost. They do not hold
 * a secret. The copy is signed when it has a uid, before an object is changed.
 */
export async function keepObjects(
  cluster: MeshCluster,
  namespace: string,
  id: string,
  before: readonly Before[],
): Promise<void> {
  const copy: V1ConfigMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: keptName(id), namespace, labels: { [keptObjectsLabel]: id } },
    // The server has the time of creation in seconds: two faults of one object would not have an order.
    data: { [timeKey]: new Date().toISOString(), [objectsKey]: JSON.stringify(before) },
  };
  const [created] = await whileWaiting(() => applyAll(cluster.api, [copy]));
  const { uid } = created?.metadata ?? {};
  await writeCopy(cluster, {
    ...copy,
    metadata: { ...copy.metadata, ...(uid === undefined ? {} : { uid }) },
  });
}

/** Notes in the copy a hash of each object after the fault, so that later changes of others are recognized. */
export async function noteWritten(
  cluster: MeshCluster,
  namespace: string,
  id: string,
  headers: readonly ObjectHeader[],
): Promise<void> {
  const hashes = headers.map(async (header) => {
    return [nameOf(header), contentHash(await readObject(cluster, header))] as const;
  });
  const written = JSON.stringify(Object.fromEntries(await Promise.all(hashes)));
  const copy = await findOwnCopy(cluster, namespace, id);
  if (!copy)
    throw new Error(
      `ConfigMap ${namespace}/${keptName(id)} of ${cluster.name} was changed or deleted while the fault was injected.`,
    );
  await writeCopy(cluster, { ...copy, data: { ...copy.data, [writtenKey]: written } });
}

/** Writes the data of a copy and its signature. The server refuses if the copy is another object by now. */
async function writeCopy(cluster: MeshCluster, copy: V1ConfigMap): Promise<void> {
  const { name, namespace, uid } = copy.metadata ?? {};
  const annotations = await signed(...signatureOf(cluster, copy));
  const metadata = { name, namespace, uid, annotations };
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: copy.data } as KubernetesObject;
  await whileWaiting(() =>
    cluster.api.objects.patch(body, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch),
  );
}

/** The result of restoring objects. */
export interface Restored {
  restored: ObjectHeader[];
  /** The objects that somebody has changed since. */
  left: ChangedSince[];
}

/**
 * Whether the copy of a fault still exists: it does until all objects are restored, or somebody has deleted it. A
 * copy of another machine does not count.
 */
export const areKept = async (cluster: MeshCluster, namespace: string, id: string): Promise<boolean> =>
  (await findOwnCopy(cluster, namespace, id)) !== undefined;

/**
 * Restores objects, the last first, except those that somebody has changed since. Deletes the copy if all were
 * restored. Without a copy of this machine later changes are not recognized, and all objects are restored.
 */
export async function restoreObjects(
  cluster: MeshCluster,
  namespace: string,
  id: string,
  before: readonly Before[],
): Promise<Restored> {
  const copy = await findOwnCopy(cluster, namespace, id);
  const written = copy ? readCopy(copy)?.written : undefined;
  const result = await restoreAll(cluster, before, written, `ConfigMap ${namespace}/${keptName(id)}`);
  if (result.left.length === 0) await dropCopy(cluster, namespace, keptName(id));
  return result;
}

/** Restores objects, the last first, and skips those that somebody has changed since. */
export async function restoreAll(
  cluster: MeshCluster,
  before: readonly Before[],
  written: Readonly<Record<string, string>> | undefined,
  copy: string,
): Promise<Restored> {
  const result: Restored = { restored: [], left: [] };
  for (const one of before.toReversed())
    try {
      await restoreObject(cluster, one, { hash: written?.[nameOf(one.header)], copy });
      result.restored.push(one.header);
    } catch (error) {
      if (!(error instanceof ChangedSince)) throw error;
      result.left.push(error);
    }
  return result;
}

/** Deletes a copy. */
export const dropCopy = (cluster: MeshCluster, namespace: string, name: string): Promise<void> =>
  whileWaiting(() => deleteIfThere(() => cluster.api.core.deleteNamespacedConfigMap({ namespace, name })));

const findOwnCopy = async (
  cluster: MeshCluster,
  namespace: string,
  id: string,
): Promise<V1ConfigMap | undefined> => {
  const copy = (await copiesIn(cluster, namespace)).find(({ metadata }) => metadata?.name === keptName(id));
  return copy && (await isOwnCopy(cluster, copy)) ? copy : undefined;
};

/** The content of a copy. */
export interface KeptObjects {
  before: Before[];
  written: Record<string, string>;
}

/** Reads the content of a copy; undefined if it has another shape. */
export function readCopy({ data }: V1ConfigMap): KeptObjects | undefined {
  try {
    return {
      before: beforeSchema.parse(JSON.parse(data?.[objectsKey] ?? '')),
      written: writtenSchema.parse(JSON.parse(data?.[writtenKey] ?? '{}')),
    };
  } catch {
    return undefined; // the caller names the ConfigMap
  }
}

/** The copies in a namespace, whoever wrote them. The last comes first, because faults can overlap. */
export async function copiesIn(cluster: MeshCluster, namespace: string): Promise<V1ConfigMap[]> {
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedConfigMap({ namespace, labelSelector: keptObjectsLabel }),
  );
  const madeAt = ({ data }: V1ConfigMap) => Date.parse(data?.[timeKey] ?? '') || 0;
  return items.toSorted((a, b) => madeAt(b) - madeAt(a));
}
