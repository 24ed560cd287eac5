import { z } from 'zod';
import type { MeshCluster } from '../../mesh/attach.ts';
import { mark } from '../../mesh/cluster-api.ts';
import { waitUntil } from '../../mesh/wait-until.ts';
import { whileWaiting } from '../../waiting.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { parameters } from '../parameters.ts';

/** The well-known label of a node's region (https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesioregion). */
export const regionLabel = 'topology.kubernetes.io/region';

/** On a node that lost its label: what it was. */
export const regionAnnotation = 'meshproof.dev/region-before';

/**
 * istiod reads a node's region when it builds a pod's endpoint: endpoints that it has keep theirs, those that change or come
 * after have none. The nodes keep a note of their region.
 */
export const regionLabelsLost = defineFault({
  id: 'region-labels-lost',
  title: 'The nodes of a cluster lose their region labels',
  disturbs: 'cluster',
  needsLab: false,
  stage: 'rest',
  bounds: bounds.discovery,
  parameters: z.object({ cluster: parameters.cluster }),
  undo: z.object({ regions: z.record(z.string(), z.string()) }),
  clusters: ({ cluster }) => [cluster],
  prepare: async (mesh, { cluster }) => {
    const { items } = await whileWaiting(() => mesh.cluster(cluster).api.core.listNode());
    const labelled = items.flatMap(({ metadata }) => {
      const region = metadata?.labels?.[regionLabel];
      return region === undefined ? [] : [[metadata?.name ?? '', region] as const];
    });
    if (labelled.length === 0) throw new Error(`No node of ${cluster} has a label ${regionLabel}.`);
    return { regions: Object.fromEntries(labelled) };
  },
  inject: async ({ mesh, parameters: { cluster }, undo: { regions } }) => {
    for (const [node, region] of Object.entries(regions))
      await setRegion(mesh.cluster(cluster), node, null, region);
  },
  prove: ({ mesh, parameters: { cluster }, undo: { regions } }) =>
    proveRegions(mesh.cluster(cluster), Object.keys(regions), () => undefined),
  heal: async ({ mesh, parameters: { cluster }, undo: { regions } }) => {
    for (const [node, region] of Object.entries(regions))
      await setRegion(mesh.cluster(cluster), node, region, null);
  },
  proveHealed: ({ mesh, parameters: { cluster }, undo: { regions } }) =>
    proveRegions(mesh.cluster(cluster), Object.keys(regions), (node) => regions[node]),
});

/** Sets or takes the region of a node, with the note of what it was. */
export const setRegion = (
  cluster: MeshCluster,
  name: string,
  region: string | null,
  note: string | null,
): Promise<void> =>
  whileWaiting(() =>
    mark(
      cluster.api,
      { apiVersion: 'v1', kind: 'Node', namespace: '', name },
      { labels: { [regionLabel]: region }, annotations: { [regionAnnotation]: note } },
    ),
  );

async function proveRegions(
  cluster: MeshCluster,
  nodes: readonly string[],
  wanted: (node: string) => string | undefined,
): Promise<string> {
  let seen: string[] = [];
  const isSo = async () => {
    const { items } = await cluster.api.core.listNode();
    const ours = items.filter(({ metadata }) => nodes.includes(metadata?.name ?? ''));
    seen = ours.map(({ metadata }) => `${metadata?.name} ${metadata?.labels?.[regionLabel] ?? 'none'}`);
    return ours.every(({ metadata }) => metadata?.labels?.[regionLabel] === wanted(metadata?.name ?? ''));
  };
  await waitUntil(isSo, `the regions of ${cluster.name}'s nodes`, bounds.discovery.injectMs);
  return `${cluster.name}: the API server shows the regions of its nodes as ${seen.join(', ')}`;
}
