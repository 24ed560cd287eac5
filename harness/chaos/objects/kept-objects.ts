import { PatchStrategy, type KubernetesObject, type V1ConfigMap } from '#kubernetes-client';
import { z } from 'zod';
import type { MeshCluster } from '../../mesh/attach.ts';
import { applyAll, deleteIfThere, fieldManager } from '../../mesh/cluster-api.ts';
import { whileWaiting } from '../../waiting.ts';
import { ChangedSince } from '../changed-since.ts';
import { putObjectBack, readObject, type Before } from './cluster-objects.ts';
import { contentHash } from './comparison.ts';
import { wordHeader, type ObjectHeader } from './edits.ts';
import { touchedSchema } from './touched.ts';

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
    touched: touchedSchema.optional(),
  }),
);

/** Keeps objects as they were in their own cluster, so that any machine can put them back. They hold no secret. */
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
    data: { at: new Date().toISOString(), 'objects.json': JSON.stringify(before) },
  };
  await whileWaiting(() => applyAll(cluster.api, [copy]));
}

/** In the copy: by object, what the fault made of it. */
const writtenKey = 'written.json';
const writtenSchema = z.record(z.string(), z.string());
const nameOf = (header: ObjectHeader): string => `${header.apiVersion} ${wordHeader(header)}`;

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
  const written = Object.fromEntries(await Promise.all(hashes));
  const metadata = { name: keptName(id), namespace };
  const data = { [writtenKey]: JSON.stringify(written) };
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as KubernetesObject;
  await whileWaiting(() =>
    cluster.api.objects.patch(body, undefined, undefined, fieldManager, undefined, PatchStrategy.MergePatch),
  );
}

/** What came of putting objects back. */
export interface PutBack {
  back: ObjectHeader[];
  /** Those that somebody has changed since. */
  left: ChangedSince[];
}

/** Whether the objects of a fault are kept still: they are until all of them are put back, or somebody else has decided. */
export const areKept = async (cluster: MeshCluster, namespace: string, id: string): Promise<boolean> =>
  (await findKept(cluster, namespace, id)) !== undefined;

/**
 * Puts objects back as they were, the last first, but those that somebody has changed since, and takes the copy away when none of
 * them was left. Without a copy it is not known what has changed since, and all are put back.
 */
export async function putObjectsBack(
  cluster: MeshCluster,
  namespace: string,
  id: string,
  before: readonly Before[],
): Promise<PutBack> {
  const copy = await findKept(cluster, namespace, id);
  const written = writtenSchema.parse(JSON.parse(copy?.data?.[writtenKey] ?? '{}'));
  const result: PutBack = { back: [], left: [] };
  for (const one of before.toReversed())
    try {
      const of = { hash: written[nameOf(one.header)], copy: `ConfigMap ${namespace}/${keptName(id)}` };
      await putObjectBack(cluster, one, of);
      result.back.push(one.header);
    } catch (error) {
      if (!(error instanceof ChangedSince)) throw error;
      result.left.push(error);
    }
  if (result.left.length === 0) await dropKeptObjects(cluster, namespace, id);
  return result;
}

const dropKeptObjects = (cluster: MeshCluster, namespace: string, id: string): Promise<void> =>
  whileWaiting(() =>
    deleteIfThere(() => cluster.api.core.deleteNamespacedConfigMap({ namespace, name: keptName(id) })),
  );

const listKept = async (cluster: MeshCluster, namespace: string): Promise<V1ConfigMap[]> =>
  (
    await whileWaiting(() =>
      cluster.api.core.listNamespacedConfigMap({ namespace, labelSelector: keptObjectsLabel }),
    )
  ).items;

const findKept = async (cluster: MeshCluster, namespace: string, id: string) =>
  (await listKept(cluster, namespace)).find(({ metadata }) => metadata?.name === keptName(id));

/** Puts back what a cluster keeps copies of, the last change first. */
export async function healKeptObjects(cluster: MeshCluster, namespace: string): Promise<PutBack> {
  const madeAt = ({ data }: V1ConfigMap) => Date.parse(data?.['at'] ?? '');
  const all: PutBack = { back: [], left: [] };
  const items = await listKept(cluster, namespace);
  for (const { metadata, data } of items.toSorted((a, b) => madeAt(b) - madeAt(a))) {
    const before = beforeSchema.parse(JSON.parse(data?.['objects.json'] ?? '[]'));
    const id = metadata?.labels?.[keptObjectsLabel] ?? '';
    const { back, left } = await putObjectsBack(cluster, namespace, id, before);
    all.back.push(...back);
    all.left.push(...left);
  }
  return all;
}
