import type { MeshFile } from '../config/mesh-file.ts';
import { placements } from '../config/placement.ts';
import type { Mesh } from './attach.ts';
import type { ProxyPredicate } from './propagation.ts';
import { outboundCluster, type Endpoint } from './proxy.ts';

/**
 * Whether a proxy prefers the endpoints of its region: each has a smaller priority than all others, as locality failover needs
 * it (Istio documentation, "Locality failover"). Within a region those of its own zone come first, so that it may have several
 * priorities. A proxy without an endpoint in its region has nothing to prefer.
 */
export function isLocalFirst(endpoints: readonly Endpoint[], region: string): boolean {
  const prioritiesOf = (local: boolean) =>
    endpoints.filter((one) => (one.region === region) === local).map(({ priority }) => priority);
  return Math.max(...prioritiesOf(true)) < Math.min(...prioritiesOf(false));
}

/** Whether a proxy of the mesh prefers its region's endpoints of a service, and has as many of them as `localPods` has for its cluster, if any. */
export function localFirst(
  mesh: Mesh,
  service: string,
  localPods: ReadonlyMap<string, number> = new Map(),
): ProxyPredicate {
  const name = outboundCluster(service, mesh.file.namespace);
  return async ({ cluster, admin }) => {
    const { region } = mesh.cluster(cluster).file;
    const endpoints = (await admin.endpoints()).filter((one) => one.cluster === name);
    const local = endpoints.filter((one) => one.region === region).length;
    const wanted = localPods.get(cluster);
    return isLocalFirst(endpoints, region) && (wanted === undefined || local === 0 || local === wanted);
  };
}

/** The clusters whose callers have a region to stay in: they have pods of a service, and a cluster of another region has, too. */
export function clustersWithChoice(file: MeshFile, service: string): string[] {
  const serving = clustersWith(file, service);
  return serving
    .filter(({ region }) => serving.some((other) => other.region !== region))
    .map(({ name }) => name);
}

/** Those of {@link clustersWithChoice} whose callers leave the region when the cluster's own pods are gone: none else of it has any. */
export function clustersWithFailover(file: MeshFile, service: string): string[] {
  const serving = clustersWith(file, service);
  const alone = serving.filter(({ region }) => serving.filter((one) => one.region === region).length === 1);
  return serving.length > 1 ? alone.map(({ name }) => name) : [];
}

function clustersWith(file: MeshFile, service: string): MeshFile['clusters'] {
  const pods = placements(file).find((one) => one.service === service)?.pods ?? {};
  return file.clusters.filter(({ name }) => pods[name] !== undefined);
}
