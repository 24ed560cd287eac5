import type { Mesh, MeshCluster } from './attach.ts';
import { outboundCluster } from './proxy.ts';
import { clientProxies } from './readiness.ts';

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
