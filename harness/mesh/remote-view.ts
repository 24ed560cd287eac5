import type { Mesh, MeshCluster } from './attach.ts';
import { istiodSettings } from './istiod.ts';
import { outboundCluster } from './proxy.ts';
import { clientProxies } from './readiness.ts';
import { weightTowards } from './weights.ts';

/** How the rest of a mesh sees the pods of one cluster: by its east-west gateway, from other networks. */
export interface RemoteView {
  /** Clusters on other networks; none when the cluster has no east-west gateway. */
  from: readonly MeshCluster[];
  /** By client proxy in those: the weight that it was told for the gateway, of a service. */
  weights(service: string): Promise<Record<string, number>>;
  /** The settings of the istiods there, one record a cluster. */
  settings(): Promise<Record<string, string>[]>;
}

/** The view that other networks have of a cluster. Which client proxies there are is read once. */
export function remoteView(mesh: Mesh, home: MeshCluster): RemoteView {
  const gateway = home.file.eastWestGateway;
  const from = gateway ? mesh.others(home.name).filter(({ file }) => file.network !== home.file.network) : [];
  let clients: Promise<{ cluster: MeshCluster; pod: Awaited<ReturnType<typeof clientProxies>>[number] }[]>;
  const findClients = async () => {
    const found = from.map(async (cluster) =>
      (await clientProxies(mesh, cluster)).map((pod) => ({ cluster, pod })),
    );
    return (await Promise.all(found)).flat();
  };
  return {
    from,
    weights: async (service) => {
      const name = outboundCluster(service, home.namespace);
      const told = (await (clients ??= findClients())).map(async ({ cluster, pod }) => {
        const sent = (await cluster.proxy(pod).eds()).get(name) ?? [];
        return [`${cluster.name}/${pod.name}`, gateway ? weightTowards(sent, { gateway }) : 0] as const;
      });
      return Object.fromEntries(await Promise.all(told));
    },
    settings: () => Promise.all(from.map((one) => istiodSettings(one, mesh.file.rootNamespace))),
  };
}
