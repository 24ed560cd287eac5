import { placements } from '../config/placement.ts';
import type { Mesh, MeshCluster } from './attach.ts';
import { heldEndpoints, type IstiodDebug } from './istiod.ts';
import { outboundCluster } from './proxy.ts';
import { clientProxies } from './readiness.ts';
import { scaleOf, weightTowards } from './weights.ts';

/** A remote cluster as one istiod and the client proxies beside it see it. */
export interface IstiodSync {
  /** `syncStatus` in `/debug/clusterz`; absent when the cluster is not listed. */
  status?: string;
  /** By service: the pods in the remote cluster, according to the mesh file. */
  pods: Readonly<Record<string, number>>;
  /** By service: endpoints that istiod holds for the remote cluster (`/debug/endpointShardz`). */
  shards: Readonly<Record<string, number>>;
  /** By service: the weight that a client proxy has for the remote cluster; absent if its endpoints do not identify the cluster. */
  weights: Readonly<Record<string, number>>;
}

/**
 * What an istiod of `cluster` and the client proxies beside it know of a remote cluster: istiod's own word, the endpoints
 * of meshproof's services that it holds, and the least weight for the remote cluster that any client proxy was told,
 * of which a pod weighs 1.
 */
export async function observeSync(
  mesh: Mesh,
  cluster: MeshCluster,
  remote: MeshCluster,
  istiod: IstiodDebug,
): Promise<IstiodSync> {
  const there = placements(mesh.file).flatMap(({ service, pods }) => {
    const count = pods[remote.name];
    return count === undefined ? [] : [{ service, count }];
  });
  const [clusters, shards, weights] = await Promise.all([
    istiod.clusters(),
    istiod.endpointShards(),
    toldWeights(
      mesh,
      cluster,
      remote,
      there.map(({ service }) => service),
    ),
  ]);
  const status = clusters.find(({ id }) => id === remote.name)?.syncStatus;
  const { namespace } = cluster;
  const held = (service: string) =>
    heldEndpoints(shards, {
      ...{
        host: `${service}.${namespace}.svc.cluster.local`,
        namespace,
        cluster: remote.name,
        portName: 'http',
      },
    });
  return {
    ...(status === undefined ? {} : { status }),
    pods: Object.fromEntries(there.map(({ service, count }) => [service, count])),
    shards: Object.fromEntries(there.map(({ service }) => [service, held(service)])),
    weights,
  };
}

async function toldWeights(
  mesh: Mesh,
  cluster: MeshCluster,
  remote: MeshCluster,
  services: readonly string[],
): Promise<Record<string, number>> {
  const clients = await clientProxies(mesh, cluster);
  if (clients.length === 0)
    throw new Error(`Cluster ${cluster.name} has no proxy that could know of ${remote.name}.`);
  const told = await Promise.all(clients.map((pod) => cluster.proxy(pod).eds()));
  const gateway = remote.file.network === cluster.file.network ? undefined : remote.file.eastWestGateway;
  const weights = services.map(async (service) => {
    const to = gateway ? { gateway } : { podAddresses: (await remote.pods(service)).map(({ ip }) => ip) };
    const name = outboundCluster(service, cluster.namespace);
    const seen = told.map((eds) => weightTowards(eds.get(name) ?? [], to) / scaleOf(eds, clients));
    return [service, Math.min(...seen)] as const;
  });
  return Object.fromEntries(await Promise.all(weights));
}
