import { isIP } from 'node:net';
import type { KubernetesObject, V1Node } from '@kubernetes/client-node';
import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import { managedBy } from '../config/workload-names.ts';
import { applyAll } from '../kube/cluster-api.ts';
import { adviceOn } from '../kube/server-said.ts';
import type { Mesh, MeshCluster } from '../mesh/attach.ts';
import { readObject } from './apply.ts';
import { forEachCluster } from './for-each-cluster.ts';
import { lookAtNamespace } from './own-namespace.ts';
import { readProxyImage } from './proxy-image.ts';
import { awaitRollout, type RolloutOptions, withoutSidecar } from './rollout.ts';
import { renderWorkloads, zoneLabel } from './workloads.ts';

/** How meshproof's workloads are put into a mesh. */
export interface DeployOptions {
  /** Default: the proxy image that each cluster uses already. */
  image?: string;
  /** The revision of Istio whose sidecars they get. Default: whatever takes `istio-injection: enabled`. */
  revision?: string;
  /** Lead the ingress gateways of the mesh file to `webapp`, for {@link ingressHost}. */
  ingress?: boolean;
  /** Hears of a cluster whose nodes cannot be read, so that its pods go anywhere. Without it that is an error. */
  onUnreadNodes?: (line: string) => void;
}

/** The objects for one cluster. */
export interface Plan {
  cluster: MeshCluster;
  image: string;
  objects: KubernetesObject[];
}

/** How many objects of a cluster were made, changed, and found as they should be. */
export interface Deployed {
  created: number;
  changed: number;
  asBefore: number;
}

/** Clusters that have workloads: one with an external control plane runs nothing else. */
export const workloadClusters = (mesh: Mesh): MeshCluster[] =>
  mesh.clusters.filter(({ file }) => file.role !== 'external');

/** The host that requests to an ingress name, as they do its URL's; `*`, every host, where that is an address or no full name. */
export function ingressHost(url: string): string {
  const { hostname } = new URL(url);
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 && hostname.includes('.') ? hostname : '*';
}

/** Why the ingress gateways of a mesh cannot be led to `webapp`, in words; undefined when they can. */
export function ingressProblem({ clusters }: MeshFile): string | undefined {
  const given = clusters.filter(({ ingress }) => ingress !== undefined);
  if (given.length === 0) return 'no cluster of the mesh file has an `ingress`';
  const other = given.find(({ ingress }) => new URL(ingress ?? '').protocol !== 'http:');
  if (other)
    return `${other.ingress} of cluster ${other.name} is not plain HTTP, which is all that is set up`;
  return undefined;
}

/** The manifests of one cluster of a mesh file, in the order in which they can be applied. Pure. */
export function workloadsOf(
  { namespace, services }: Pick<MeshFile, 'namespace' | 'services'>,
  { name, region, zone, ingress }: MeshFileCluster,
  { image, revision, ingress: wanted, inZone = false }: DeployOptions & { image: string; inZone?: boolean },
): KubernetesObject[] {
  const led = wanted && ingress !== undefined ? { ingress: true, ingressHost: ingressHost(ingress) } : {};
  return renderWorkloads({
    ...{ namespace, services, image, inZone },
    cluster: { name, region, zone, ...led },
    ...(revision === undefined ? {} : { injection: { 'istio.io/rev': revision } }),
  });
}

/**
 * Whether pods have to be told to keep to the zone of the mesh file: where nodes are in several. Of pods behind a gateway istiod makes
 * an endpoint for each of their zones, all with the gateway's address, and Envoy keeps the first alone (docs/known-issues.md#zones).
 *
 * @throws Error where no node is in the zone, which names those that there are.
 */
export function keepsToZone(
  cluster: Pick<MeshFileCluster, 'name' | 'zone'>,
  nodes: readonly V1Node[],
): boolean {
  const zones = new Set(nodes.map(({ metadata }) => metadata?.labels?.[zoneLabel] ?? ''));
  if (zones.size < 2) return false;
  if (zones.has(cluster.zone)) return true;
  const named = [...zones].map((zone) => zone || 'none').sort();
  throw new Error(
    `The nodes of cluster ${cluster.name} are in several zones (${named.join(', ')}), and none in ${cluster.zone}, which the mesh file gives it: ` +
      "name one of them there. meshproof's pods keep to one zone.",
  );
}

/**
 * What is to be put into each cluster. Reads the proxy image of each, unless one is given, and the zones of its nodes, and changes
 * nothing.
 *
 * @throws Error that names each cluster where no image is found, or no node in its zone.
 */
export const plansFor = (mesh: Mesh, options: DeployOptions): Promise<Plan[]> =>
  forEachCluster(workloadClusters(mesh), async (cluster) => {
    const image = options.image ?? (await readProxyImage(cluster, mesh.file.rootNamespace, options.revision));
    const nodes = await readNodes(cluster, options.onUnreadNodes);
    const inZone = keepsToZone(cluster.file, nodes);
    return { cluster, image, objects: workloadsOf(mesh.file, cluster.file, { ...options, image, inZone }) };
  });

async function readNodes(cluster: MeshCluster, onUnread?: (line: string) => void): Promise<V1Node[]> {
  try {
    return (await cluster.api.core.listNode()).items;
  } catch (error) {
    if (!onUnread) throw error;
    const { name, file } = cluster;
    onUnread(
      `The nodes of cluster ${name} (context ${file.context}) could not be read: where they are in several zones, \`deploy\` adds to each pod a ` +
        `nodeSelector ${zoneLabel}: ${file.zone}.`,
    );
    return [];
  }
}

/**
 * Looks whether the namespace of every cluster is absent or ours; changes nothing.
 *
 * @throws NotOurs when one is someone else's; Error when one is being deleted or a cluster does not answer.
 */
export const lookAtNamespaces = (mesh: Mesh): Promise<void[]> =>
  forEachCluster(workloadClusters(mesh), async (cluster) => {
    if ((await lookAtNamespace(cluster)) === 'leaving')
      throw new Error(
        `Cluster ${cluster.name} (context ${cluster.file.context}) is still deleting namespace ${cluster.namespace}. ` +
          '`meshproof undeploy` waits until it is gone; deploy after that.',
      );
  });

/**
 * Applies the workloads of one cluster and waits until every pod is ready, with its sidecar. Objects that are correct stay
 * untouched.
 *
 * @throws Error that names the cluster and the object that was refused, or what keeps pods from starting.
 */
export async function deployTo({ cluster, objects }: Plan, options: RolloutOptions = {}): Promise<Deployed> {
  const deployed: Deployed = { created: 0, changed: 0, asBefore: 0 };
  for (const object of objects) {
    options.signal?.throwIfAborted();
    deployed[await applyOne(cluster, object)] += 1;
  }
  await awaitRollout(cluster, objects, options);
  const [bare] = withoutSidecar(await cluster.findPods({ labels: managedBy }));
  if (bare) throw noSidecar(cluster, bare.name, objects);
  return deployed;
}

async function applyOne(cluster: MeshCluster, object: KubernetesObject): Promise<keyof Deployed> {
  try {
    const before = await readObject(cluster, object);
    const [after] = await applyAll(cluster.api, [object]);
    if (!before) return 'created';
    return before.metadata?.resourceVersion === after?.metadata?.resourceVersion ? 'asBefore' : 'changed';
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`${words} ${adviceOn(error, cluster.file)}`.trim(), { cause: error });
  }
}

function noSidecar(cluster: MeshCluster, pod: string, [namespace]: readonly KubernetesObject[]): Error {
  const { 'app.kubernetes.io/managed-by': _ours, ...labels } = namespace?.metadata?.labels ?? {};
  const [label] = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return new Error(
    `Cluster ${cluster.name} (context ${cluster.file.context}): pod ${cluster.namespace}/${pod} got no sidecar, though its ` +
      `namespace is labelled ${label}. If the mesh has revisions, deploy again with --revision NAME; ` +
      `\`kubectl --context ${cluster.file.context} get mutatingwebhookconfigurations -l app=sidecar-injector -L istio.io/rev\` ` +
      'lists them. Otherwise see why istiod does not inject, then `meshproof undeploy` and deploy again.',
  );
}
