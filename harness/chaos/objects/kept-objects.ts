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

/** On a ConfigMap that holds objects as they were before a fault changed them: the id of its journal entry. */
export const keptObjectsLabel = 'meshproof.dev/kept-objects';

const keptName = (id: string): string => `meshproof-kept-objects-${id}`;

/** The shape of {@link Before} in the journal and in the copy. */
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

/** In the copy: when the fault was injected, the objects as they were, and by object what the fault made of it. */
const [timeKey, objectsKey, writtenKey] = ['at', 'objects.json', 'written.json'] as const;
const writtenSchema = z.record(z.string(), z.string());
const nameOf = (header: ObjectHeader): string => `${header.apiVersion} ${headerText(header)}`;

/**
 * What the signature of a copy covers. The uid is part of it: who may create ConfigMaps cannot create an old copy again, and
 * have objects written that a later change has replaced.
 */
const signatureOf = (cluster: MeshCluster, { metadata, data }: V1ConfigMap): Parameters<typeof signed> => [
  ...([cluster, 'kept-objects'] as const),
  { apiVersion: 'v1', kind: 'ConfigMap', namespace: metadata?.namespace, name: metadata?.name ?? '' },
  [metadata?.uid, data?.[timeKey], data?.[objectsKey], data?.[writtenKey]],
];

/** Whether this machine wrote a copy, and nothing of it was changed since. */
export const isOwnCopy = (cluster: MeshCluster, copy: V1ConfigMap): Promise<boolean> =>
  isSigned(copy.metadata?.annotations, ...signatureOf(cluster, copy));

/**
 * Keeps objects as they were in their own cluster, so that they can be restored when the journal is lost. They hold no secret. The
 * copy is signed when it has a uid, before any object is changed.
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
    // The server's own time of creation is in seconds: two faults of one object would have no order.
    data: { [timeKey]: new Date().toISOString(), [objectsKey]: JSON.stringify(before) },
  };
  const [created] = await whileWaiting(() => applyAll(cluster.api, [copy]));
  const { uid } = created?.metadata ?? {};
  await writeCopy(cluster, {
    ...copy,
    metadata: { ...copy.metadata, ...(uid === undefined ? {} : { uid }) },
  });
}

/** Notes beside the copy what objects have become, so that what others change after that is told from it. */
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

/** Writes the data of a copy and its signature. Refused by the server when the copy is another object by now. */
async function writeCopy(cluster: MeshCluster, copy: V1ConfigMap): Promise<void> {
  const { name, namespace, uid } = copy.metadata ?? {};
  const annotations = await signed(...signatureOf(cluster, copy));
  const metadata = { name, namespace, uid, annotations };
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: copy.data } as KubernetesObject;
  await whileWaiting(() =>
    cluster.api.objects.patch(body, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch),
  );
}

/** What came of putting objects back. */
export interface Restored {
  back: ObjectHeader[];
  /** Those that somebody has changed since. */
  left: ChangedSince[];
}

/**
 * Whether the objects of a fault are kept still: they are until all of them are restored, or somebody else has decided. A copy that
 * this machine did not write says nothing.
 */
export const areKept = async (cluster: MeshCluster, namespace: string, id: string): Promise<boolean> =>
  (await findOwnCopy(cluster, namespace, id)) !== undefined;

/**
 * Restores objects as they were, the last first, but those that somebody has changed since, and deletes the copy when none of
 * them was left. Without a copy of this machine it is not known what has changed since, and all are restored.
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

/** Restores objects, the last first, and goes on after those that somebody has changed since. */
export async function restoreAll(
  cluster: MeshCluster,
  before: readonly Before[],
  written: Readonly<Record<string, string>> | undefined,
  copy: string,
): Promise<Restored> {
  const result: Restored = { back: [], left: [] };
  for (const one of before.toReversed())
    try {
      await restoreObject(cluster, one, { hash: written?.[nameOf(one.header)], copy });
      result.back.push(one.header);
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

/** What a copy says. */
export interface KeptObjects {
  before: Before[];
  written: Record<string, string>;
}

/** Reads what a copy says; undefined when it has another shape. */
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

/** The copies that a namespace holds, whoever wrote them: the last first, as faults may have been laid upon each other. */
export async function copiesIn(cluster: MeshCluster, namespace: string): Promise<V1ConfigMap[]> {
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedConfigMap({ namespace, labelSelector: keptObjectsLabel }),
  );
  const madeAt = ({ data }: V1ConfigMap) => Date.parse(data?.[timeKey] ?? '') || 0;
  return items.toSorted((a, b) => madeAt(b) - madeAt(a));
}
