import { z } from 'zod';
import { waitUntil } from '../../base/wait-until.ts';
import { whileWaiting } from '../../base/waiting.ts';
import { mark } from '../../kube/cluster-api.ts';
import type { MeshCluster } from '../../mesh/attach.ts';
import { signatureAnnotation, signed } from '../../mesh/mark-signature.ts';
import { bounds } from '../bounds.ts';
import { defineFault } from '../fault.ts';
import { ChangedSince } from '../heal/changed-since.ts';
import { parameters } from '../parameters.ts';

/** The well-known label of a node's region (https://kubernetes.io/docs/reference/labels-annotations-taints/#topologykubernetesioregion). */
export const regionLabel = 'topology.kubernetes.io/region';

/**
 * Its old name, which istiod reads if the other is absent (getLabelValue in
 * pilot/pkg/serviceregistry/kube/controller).
 */
const oldRegionLabel = 'failure-domain.beta.kubernetes.io/region';

/** On a node that lost its label: the region before. */
export const regionAnnotation = 'meshproof.dev/region-before';

/**
 * Istiod reads the region of a node when it builds the endpoint of a pod. Existing endpoints keep their region;
 * changed and new ones get none. So the mesh does not show the fault at once. The proof is that istiod cannot read a
 * region from a node: all nodes lack both labels. The nodes keep a note of their region.
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
    const old = items.find(({ metadata }) => metadata?.labels?.[oldRegionLabel] !== undefined);
    if (old)
      throw new Error(
        `Node ${old.metadata?.name} of ${cluster} also has the label ${oldRegionLabel}, which istiod reads. Remove that label first.`,
      );
    const labelled = items.flatMap(({ metadata }) => {
      const region = metadata?.labels?.[regionLabel];
      return region === undefined ? [] : [[metadata?.name ?? '', region] as const];
    });
    if (labelled.length === 0)
      throw new Error(`The nodes of cluster ${cluster} do not have the label ${regionLabel}.`);
    return { regions: Object.fromEntries(labelled) };
  },
  inject: async ({ mesh, parameters: { cluster }, undo: { regions } }) => {
    for (const [node, region] of Object.entries(regions))
      await setRegion(mesh.cluster(cluster), node, null, region);
  },
  prove: ({ mesh, parameters: { cluster }, undo: { regions } }) =>
    proveNodes(mesh.cluster(cluster), (nodes) => {
      return Object.keys(regions).every((one) => nodes.has(one)) && [...nodes.values()].every(isNone);
    }),
  heal: async ({ mesh, parameters: { cluster }, undo: { regions } }) => {
    for (const [node, region] of Object.entries(regions))
      await restoreRegion(mesh.cluster(cluster), node, region);
  },
  proveHealed: ({ mesh, parameters: { cluster }, undo: { regions } }) =>
    proveNodes(mesh.cluster(cluster), (nodes) => {
      // Nodes come and go: a deleted node does not need a region.
      return (
        nodes.size > 0 && Object.keys(regions).every((one) => !nodes.has(one) || !isNone(nodes.get(one)))
      );
    }),
});

const isNone = (region: string | undefined): boolean => region === undefined;

/** Sets or removes the region of a node, with the note of the region before. */
async function setRegion(
  cluster: MeshCluster,
  name: string,
  region: string | null,
  note: string | null,
): Promise<void> {
  const node = { ...nodeHeader(name), namespace: '' };
  const annotations = {
    [regionAnnotation]: note,
    ...(note === null
      ? { [signatureAnnotation('region')]: null }
      : await signed(cluster, 'region', node, [note])),
  };
  await whileWaiting(() => mark(cluster.api, node, { labels: { [regionLabel]: region }, annotations }));
}

/** A node as marks are signed for it. */
export const nodeHeader = (name: string) => ({ apiVersion: 'v1', kind: 'Node', name });

/**
 * Restores the region of a node and removes the note. Does nothing if the node is gone.
 *
 * @throws ChangedSince if somebody has set another region since: then both stay.
 */
export async function restoreRegion(cluster: MeshCluster, name: string, region: string): Promise<void> {
  const { items } = await whileWaiting(() =>
    cluster.api.core.listNode({ fieldSelector: `metadata.name=${name}` }),
  );
  const [metadata] = items.map((node) => node.metadata);
  if (!metadata) return;
  const now = metadata.labels?.[regionLabel];
  if (now === undefined || now === region) return setRegion(cluster, name, region, null);
  // Without the note, somebody has decided on the region.
  if (metadata.annotations?.[regionAnnotation] === undefined) return;
  throw new ChangedSince(
    `The region (${now}) of node ${name} of ${cluster.name}`,
    `the annotation ${regionAnnotation} there`,
  );
}

/** Waits until the regions of the nodes of a cluster are as expected. @returns the evidence as a sentence. */
async function proveNodes(
  cluster: MeshCluster,
  areSo: (nodes: ReadonlyMap<string, string | undefined>) => boolean,
): Promise<string> {
  let nodes = new Map<string, string | undefined>();
  const look = async () => {
    const { items } = await cluster.api.core.listNode();
    const regions = items.map(({ metadata: { name = '', labels = {} } = {} }) => {
      return [name, labels[regionLabel] ?? labels[oldRegionLabel]] as const;
    });
    nodes = new Map(regions);
    return areSo(nodes);
  };
  await waitUntil(look, `the regions of ${cluster.name}'s nodes`, bounds.discovery.injectMs);
  const seen = [...nodes].map(([name, region]) => `${name} ${region ?? 'none'}`);
  return `${cluster.name}: the API server shows all of its nodes with the regions that istiod can read: ${seen.join(', ')}`;
}
