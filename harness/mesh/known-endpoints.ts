import type { Mesh, MeshCluster, Pod } from './attach.ts';
import { outboundCluster } from './proxy.ts';
import { clientProxies } from './readiness.ts';

/**
 * The fewest healthy endpoints of one of meshproof's services that any of some proxies of a cluster has; default: of those that
 * send for us. Throws what a proxy that does not answer throws, and where there is none to ask.
 */
export async function knownEndpoints(
  mesh: Mesh,
  cluster: MeshCluster,
  service: string,
  proxies?: readonly Pod[],
): Promise<number> {
  const name = outboundCluster(service, cluster.namespace);
  const asked = proxies ?? (await clientProxies(mesh, cluster));
  if (asked.length === 0) throw new Error(`Cluster ${cluster.name} has no proxy that could know ${service}.`);
  const counts = asked.map(async (pod) => {
    const endpoints = await cluster.proxy(pod).endpoints();
    return endpoints.filter((one) => one.cluster === name && one.healthy).length;
  });
  return Math.min(...(await Promise.all(counts)));
}
