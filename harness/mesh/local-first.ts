import type { Mesh } from './attach.ts';
import type { MeshFile } from './mesh-file.ts';
import { placements } from './placement.ts';
import type { ProxyPredicate } from './propagation.ts';
import { outboundCluster, type Endpoint } from './proxy.ts';

/**
 * Whether a proxy prefers the endpoints of its region: they have priority 0, all others a lower one, as locality failover
 * needs it (Istio documentation, "Locality failover"). A proxy without an endpoint in its region has nothing to prefer.
 */
export function isLocalFirst(endpoints: readonly Endpoint[], region: string): boolean {
  const local = endpoints.filter((one) => one.region === region);
  const others = endpoints.filter((one) => one.region !== region);
  return local.length === 0 || (local.every(isFirst) && !others.some(isFirst));
}

const isFirst = ({ priority }: Endpoint) => priority === 0;

/** Whether a proxy of the mesh prefers its region's endpoints of a service, and has as many of them as `localPods`, where given. */
export function localFirst(mesh: Mesh, service: string, localPods?: number): ProxyPredicate {
  const name = outboundCluster(service, mesh.file.namespace);
  return async ({ cluster, admin }) => {
    const { region } = mesh.cluster(cluster).file;
    const endpoints = (await admin.endpoints()).filter((one) => one.cluster === name);
    const local = endpoints.filter((one) => one.region === region).length;
    return isLocalFirst(endpoints, region) && (localPods === undefined || local === 0 || local === localPods);
  };
}

/** The clusters whose callers can fail over: they have pods of a service, and a cluster of another region has, too. */
export function clustersWithFailover(file: MeshFile, service: string): string[] {
  const pods = placements(file).find((one) => one.service === service)?.pods ?? {};
  const serving = file.clusters.filter(({ name }) => pods[name] !== undefined);
  return serving
    .filter(({ region }) => serving.some((other) => other.region !== region))
    .map(({ name }) => name);
}
