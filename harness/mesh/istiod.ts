import { PodHttp } from '../kube/pod-http.ts';
import type { MeshCluster } from './attach.ts';
import {
  clusterz,
  configz,
  type EndpointShards,
  endpointShardz,
  type HeldConfig,
  type RemoteCluster,
} from './istiod-pages.ts';

/** Istiod serves its debug pages here to callers from loopback. */
export const debugPort = 15014;

/** How many endpoints of a service's port are held of one cluster. */
export function heldEndpoints(
  shards: EndpointShards,
  of: { host: string; namespace: string; cluster: string; portName: string },
): number {
  // Keyed `<registry>/<cluster>`.
  const held = shards[of.host]?.[of.namespace]?.Shards?.[`Kubernetes/${of.cluster}`] ?? [];
  return held.filter(({ ServicePortName }) => ServicePortName === of.portName).length;
}

/** The debug interface of one istiod pod. Dispose it when done. */
export class IstiodDebug extends PodHttp {
  /** The clusters it reads, itself included, each with `syncStatus` (`synced` when all is well). */
  async clusters(): Promise<RemoteCluster[]> {
    return clusterz.parse(JSON.parse(await this.ask('/debug/clusterz'))) ?? [];
  }

  /** The endpoints it holds: by host name of the service, namespace, and cluster that they were read from. */
  async endpointShards(): Promise<EndpointShards> {
    return endpointShardz.parse(JSON.parse(await this.ask('/debug/endpointShardz')));
  }

  /** The objects of Istio's own kinds that it has read. */
  async configs(): Promise<HeldConfig[]> {
    return configz.parse(JSON.parse(await this.ask('/debug/configz')));
  }

  /** The networks and their gateways, as istiod sees them. */
  async networks(): Promise<unknown> {
    return JSON.parse(await this.ask('/debug/networkz')) as unknown;
  }
}

/** One debug interface for each ready istiod of a cluster. Throws if no istiod is ready. */
export async function istiodsOf(cluster: MeshCluster, rootNamespace: string): Promise<IstiodDebug[]> {
  const pods = await cluster.findPods({ namespace: rootNamespace, labels: { app: 'istiod' } });
  const ready = pods.filter((pod) => pod.ready);
  if (ready.length === 0)
    throw new Error(
      `Cluster ${cluster.name} has no ready istiod in ${rootNamespace}: ${pods.length} pods with app=istiod.`,
    );
  return ready.map((pod) => new IstiodDebug(cluster.api, pod, debugPort));
}

/** The environment that a cluster's istiods are given in plain text, where its settings (`PILOT_…`) are. */
export async function istiodSettings(
  cluster: MeshCluster,
  rootNamespace: string,
): Promise<Record<string, string>> {
  const pods = await cluster.findPods({ namespace: rootNamespace, labels: { app: 'istiod' } });
  const settings = pods
    .flatMap(({ object }) => object.spec?.containers ?? [])
    .flatMap(({ env = [] }) => env)
    .flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  return Object.fromEntries(settings);
}
