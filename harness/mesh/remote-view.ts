import type { Mesh, MeshCluster } from './attach.ts';
import { heldEndpoints, istiodSettings, istiodsOf } from './istiod.ts';
import { outboundCluster } from './proxy.ts';
import { clientProxies } from './readiness.ts';
import type { SeenWeights } from './seen-weights.ts';
import { scaleOf, wayTowards } from './weights.ts';

/** How the rest of a mesh sees the pods of one cluster: by its east-west gateway, from other networks. */
export interface RemoteView {
  /** Clusters on other networks; none when the cluster has no east-west gateway. */
  from: readonly MeshCluster[];
  /** By client proxy in those: what it has of the gateway, of a service; a pod weighs 1, whatever istiod multiplies weights by. */
  weights(service: string): Promise<SeenWeights>;
  /** By istiod elsewhere in the mesh: how many endpoints of the cluster it holds, of a service. Throws if a cluster does not have an istiod. */
  held(service: string): Promise<Record<string, number>>;
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
      if (!gateway) return {};
      const name = outboundCluster(service, home.namespace);
      const all = await (clients ??= findClients());
      const views = all.map(async ({ cluster, pod }) => {
        const sent = await cluster.proxy(pod).eds();
        const siblings = all.filter((one) => one.cluster === cluster).map((one) => one.pod);
        const { weight, localities } = wayTowards(sent.get(name) ?? [], { gateway });
        return [
          `${cluster.name}/${pod.name}`,
          { weight: weight / scaleOf(sent, siblings), localities },
        ] as const;
      });
      return Object.fromEntries(await Promise.all(views));
    },
    held: (service) => heldElsewhere(mesh, home, service),
    settings: () => Promise.all(from.map((one) => istiodSettings(one, mesh.file.rootNamespace))),
  };
}

async function heldElsewhere(
  mesh: Mesh,
  home: MeshCluster,
  service: string,
): Promise<Record<string, number>> {
  const primaries = mesh.others(home.name).filter(({ file }) => file.role === 'primary');
  await using stack = new AsyncDisposableStack();
  const istiods = (await Promise.all(primaries.map((one) => istiodsOf(one, mesh.file.rootNamespace)))).flat();
  if (istiods.length === 0) throw new Error(`No istiod runs elsewhere than in ${home.name}.`);
  for (const istiod of istiods) stack.use(istiod);
  const of = {
    ...{ host: `${service}.${home.namespace}.svc.cluster.local`, namespace: home.namespace },
    ...{ cluster: home.name, portName: 'http' },
  };
  const held = istiods.map(async (istiod) => {
    return [
      `${istiod.cluster}/${istiod.pod.name}`,
      heldEndpoints(await istiod.endpointShards(), of),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(held));
}
