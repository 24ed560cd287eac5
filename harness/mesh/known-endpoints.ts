import type { Mesh, MeshCluster, Pod } from './attach.ts';
import { outboundCluster } from './proxy.ts';
import { clientProxies } from './readiness.ts';

/**
 * The fewest healthy endpoints of one of meshproof's services that any of some proxies of a cluster has. Throws what a proxy that
 * does not answer throws, and so does a cluster without an istiod.
 *
 * @param options.proxies those that are asked; default: those that send for us.
 * @param options.pods counts endpoints that are one of these pods, but not gateways to other networks.
 */
export async function knownEndpoints(
  mesh: Mesh,
  cluster: MeshCluster,
  service: string,
  options: { proxies?: readonly Pod[]; pods?: readonly Pod[] } = {},
): Promise<number> {
  const { proxies, pods } = options;
  const name = outboundCluster(service, cluster.namespace);
  const asked = proxies ?? (await clientProxies(mesh, cluster));
  if (asked.length === 0) throw new Error(`Cluster ${cluster.name} has no proxy that could know ${service}.`);
  const counts = asked.map(async (pod) => {
    const endpoints = await cluster.proxy(pod).endpoints();
    const known = endpoints.filter((one) => one.cluster === name && one.healthy);
    return known.filter(({ address }) => pods?.some(({ ip }) => ip === address) ?? true).length;
  });
  return Math.min(...(await Promise.all(counts)));
}

/**
 * By client proxy of a cluster: the addresses of the endpoints of a service that it has ejected. Throws what a proxy that does not
 * answer throws.
 */
export async function ejectedHosts(
  mesh: Mesh,
  cluster: MeshCluster,
  service: string,
): Promise<Record<string, string[]>> {
  const name = outboundCluster(service, cluster.namespace);
  const seen = (await clientProxies(mesh, cluster)).map(async (pod) => {
    const endpoints = await cluster.proxy(pod).endpoints();
    const ejected = endpoints.filter((one) => one.cluster === name && one.ejected);
    return [`${cluster.name}/${pod.name}`, ejected.map(({ address }) => address)] as const;
  });
  return Object.fromEntries(await Promise.all(seen));
}
