import type { V1ConfigMap } from '@kubernetes/client-node';
import { z } from 'zod';
import type { MeshCluster } from '../../mesh/attach.ts';
import { applyAll, deleteIfThere } from '../../mesh/cluster-api.ts';
import { whileWaiting } from '../../waiting.ts';
import { putObjectBack, type Before } from './cluster-objects.ts';
import { wordHeader } from './edits.ts';

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

/** Takes the copy away. */
export const dropKeptObjects = (cluster: MeshCluster, namespace: string, id: string): Promise<void> =>
  whileWaiting(() =>
    deleteIfThere(() => cluster.api.core.deleteNamespacedConfigMap({ namespace, name: keptName(id) })),
  );

/** Puts back what a cluster keeps copies of, the last change first. @returns what was put back, a line each. */
export async function healKeptObjects(cluster: MeshCluster, namespace: string): Promise<string[]> {
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNamespacedConfigMap({ namespace, labelSelector: keptObjectsLabel }),
  );
  const madeAt = ({ data }: V1ConfigMap) => Date.parse(data?.['at'] ?? '');
  const healed: string[] = [];
  for (const { metadata, data } of items.toSorted((a, b) => madeAt(b) - madeAt(a))) {
    const before = beforeSchema.parse(JSON.parse(data?.['objects.json'] ?? '[]'));
    for (const one of before.toReversed()) {
      await putObjectBack(cluster, one);
      healed.push(`${cluster.name}: put ${wordHeader(one.header)} back as it was`);
    }
    await dropKeptObjects(cluster, namespace, metadata?.labels?.[keptObjectsLabel] ?? '');
  }
  return healed;
}
