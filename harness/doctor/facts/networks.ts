import { BlockList, isIP } from 'node:net';
import type { PodRecord, ShardRecord, WorkloadRecord } from '../../snapshot/schema.ts';
import { networkLabel, type ClusterView } from '../cluster-view.ts';
import { eastWestGateways } from '../gateways.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { selects } from '../pod-index.ts';
import { anyOf, fromReadable } from '../unread.ts';
import { parseMeshNetworks, type MeshNetwork } from './mesh-networks.ts';
import { addressesOf } from './pod-addresses.ts';

/** The networks of the ConfigMap that the istiod of a cluster reads. Throws NotRead. */
export const meshNetworksOf = keptFor(
  (reader: ClusterView) => reader.install,
  (reader): readonly MeshNetwork[] => parseMeshNetworks(reader.install?.meshNetworks ?? {}),
);

/** The ranges of meshNetworks, the widest first, with their networks. Throws NotRead. */
const rangesOf = keptFor(
  (reader: ClusterView) => meshNetworksOf(reader),
  (reader) =>
    meshNetworksOf(reader)
      .flatMap(({ name, ranges }) => ranges.map((range) => ({ name, range, has: inAnyRange([range]) })))
      .toSorted((a, b) => Number(a.range.split('/')[1]) - Number(b.range.split('/')[1])),
);

/** The names of a cluster for istiods: its name in the mesh file, and its clusterName. Throws NotRead. */
export const idsOf = (cluster: ClusterView): Set<string> =>
  new Set([cluster.name, cluster.install?.clusterName ?? cluster.name]);

/** The name of the cluster that istiods know by an id: a name in the mesh file, or a clusterName. */
export const clusterNamed = (view: MeshView, id: string): string =>
  view.clusterNames.includes(id)
    ? id
    : (fromReadable(view.clusters, (one) => (idsOf(one).has(id) ? [one.name] : []))[0] ?? id);

/** Whether an address is in one of the ranges, such as `10.0.0.0/8`. A range that cannot be parsed has no addresses, as for istiod. */
export function inAnyRange(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [start = '', length = ''] = range.split('/');
    const family = isIP(start);
    if (family !== 0 && /^\d+$/.test(length) && Number(length) <= (family === 6 ? 128 : 32))
      list.addSubnet(start, Number(length), family === 6 ? 'ipv6' : 'ipv4');
  }
  return (address) => isIP(address) !== 0 && list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The network of a pod, and the setting that decides it. */
interface FoundNetwork {
  network: string;
  by: 'label' | 'namespace' | 'registry' | 'range';
}

/**
 * The network that the istiod of `reader` gives to a pod of `cluster`; undefined if no setting places the pod. The order is istiod's: the
 * label of the pod, the label of the system namespace of the pod's cluster, `fromRegistry`, and the widest range of `fromCidr`
 * (`Controller.Network` in pilot/pkg/serviceregistry/kube/controller). The labels of Services do not count. Throws NotRead.
 */
export function networkOf(
  reader: ClusterView,
  cluster: ClusterView,
  pod: Pick<PodRecord, 'labels' | 'ip' | 'ips'>,
): FoundNetwork | undefined {
  const labelled = pod.labels[networkLabel];
  if (labelled) return { network: labelled, by: 'label' };
  if (cluster.networkLabelled) return { network: cluster.networkLabelled, by: 'namespace' };
  const networks = meshNetworksOf(reader);
  const ids = idsOf(cluster);
  const registered = networks.find(({ registries }) => registries.some((one) => ids.has(one)));
  if (registered) return { network: registered.name, by: 'registry' };
  const [address = ''] = addressesOf(pod);
  const widest = rangesOf(reader).find(({ has }) => has(address));
  return widest && { network: widest.name, by: 'range' };
}

/** Whether two clusters are on different networks, as far as that is known. */
export function areApart(view: MeshView, a: ClusterView, b: ClusterView): boolean {
  const [ofA, ofB] = [a, b].map(({ name }) => view.declaredNetwork(name));
  return ofA !== undefined && ofB !== undefined && ofA !== ofB;
}

/** The network that the mesh file states for a cluster, if the mesh has several networks. */
export const separateNetworkOf = (view: MeshView, cluster: ClusterView): string | undefined =>
  view.multiNetwork && cluster.declares('network') ? view.declaredNetwork(cluster.name) : undefined;

/** The networks that the mesh file gives to clusters on another network than a cluster. */
const networksOfOthers = (view: MeshView, name: string): Set<string> =>
  new Set(
    view.clusterNames
      .map((other) => view.declaredNetwork(other))
      .filter((network) => network !== undefined && network !== view.declaredNetwork(name)),
  ) as Set<string>;

/** The networks of the gateways in a cluster. Throws NotRead. */
const gatewayNetworks = (cluster: ClusterView): Set<string | undefined> =>
  new Set([
    ...eastWestGateways(cluster).map(({ network }) => network),
    ...cluster.resources('KubernetesGateway').map((one) => one.labels[networkLabel]),
  ]);

/**
 * Whether a network is a network of a cluster: the mesh file says so, the cluster has a gateway to it, or meshNetworks of an istiod
 * places pods of the cluster on it and names a gateway. A network that the mesh file gives to other clusters only is not. Throws NotRead.
 */
export function isNetworkOf(view: MeshView, cluster: ClusterView, network: string): boolean {
  if (network === view.declaredNetwork(cluster.name)) return true;
  if (networksOfOthers(view, cluster.name).has(network)) return false;
  if (gatewayNetworks(cluster).has(network)) return true;
  return anyOf(view.clusterNames, (name) =>
    meshNetworksOf(view.answered(name)).some(
      (one) => one.name === network && one.gateways.length > 0 && placesPodsOf(one, cluster),
    ),
  );
}

/**
 * Whether istiods of `reader` have gateways for all endpoints of a cluster, on networks of the cluster that the mesh file does not name.
 * Throws NotRead.
 */
export function isReachedByOtherName(
  view: MeshView,
  reader: ClusterView,
  read: string,
  gateways: readonly { network: string }[],
): boolean {
  const meshed = reader
    .pages('shards')
    .flat()
    .filter((one) => isMeshed(one) && clusterNamed(view, one.cluster) === read);
  const networks = [...new Set(meshed.flatMap((one) => one.networks))];
  return (
    networks.length > 0 &&
    networks.every((one) => gateways.some(({ network }) => network === one)) &&
    networks.every((one) => isNetworkOf(view, view.answered(read), one))
  );
}

function placesPodsOf({ registries, ranges }: MeshNetwork, cluster: ClusterView): boolean {
  const ids = idsOf(cluster);
  if (registries.some((one) => ids.has(one))) return true;
  if (ranges.length === 0) return false;
  const addresses = cluster.whole('pods').flatMap((pod) => (pod.hostNetwork ? [] : addressesOf(pod)));
  return addresses.some(inAnyRange(ranges));
}

/**
 * Whether a label may place a pod of a cluster on another network on purpose, as for virtual machines: the network has a gateway, or
 * is the network of another cluster. Throws NotRead.
 */
export const hasGatewayOrCluster = (view: MeshView, cluster: ClusterView, network: string): boolean =>
  networksOfOthers(view, cluster.name).has(network) ||
  gatewayNetworks(cluster).has(network) ||
  anyOf(view.clusterNames, (name) => {
    const other = view.answered(name);
    return (
      meshNetworksOf(other).some((one) => one.name === network && one.gateways.length > 0) ||
      other.istiods.some((istiod) => other.page(istiod, 'networks').some((one) => one.network === network))
    );
  });

/** Whether the label of a pod is in the template of its workload. The injector adds the label to the pod only. */
const isInTemplate = (pod: PodRecord, workloads: readonly WorkloadRecord[]): boolean =>
  workloads.some(
    ({ namespace, selector, templateLabels }) =>
      namespace === pod.namespace &&
      templateLabels[networkLabel] !== undefined &&
      templateLabels[networkLabel] === pod.labels[networkLabel] &&
      selects(selector, pod.labels),
  );

/** A wrong network that the sidecar injector of a cluster sets. */
interface InjectedNetwork {
  network: string;
  /** The setting, if it was found. */
  setting: 'values.global.network' | 'injection URL' | undefined;
  /** The pods that have it. */
  pods: PodRecord[];
}

/**
 * The networks that the injector of a cluster sets and that are not networks of the cluster. The injector sets the label and
 * ISTIO_META_NETWORK of a pod to the network in the URL of its webhook, or to `values.global.network`. A setting that was changed since
 * shows in most pods whose templates do not have the label. Throws NotRead.
 */
export function wrongInjectedNetworks(view: MeshView, cluster: ClusterView): InjectedNetwork[] {
  const workloads = cluster.whole('workloads').filter(({ templateLabels }) => templateLabels[networkLabel]);
  const injected = cluster
    .whole('pods')
    .filter((pod) => isOfMesh(cluster, pod) && !isInTemplate(pod, workloads));
  const found = new Map<string, InjectedNetwork>();
  const add = (network: string | undefined, setting: InjectedNetwork['setting']) => {
    if (!network || found.has(network) || isNetworkOf(view, cluster, network)) return;
    const pods = injected.filter((pod) => injectedInto(pod).includes(network));
    found.set(network, { network, setting, pods });
  };
  const namespace = cluster.systemNamespace;
  for (const { target, service } of cluster.whole('webhooks'))
    if (service === undefined || service.namespace === namespace)
      add(/\/net\/([^/]+)/.exec(target)?.[1]?.replaceAll('--slash--', '/'), 'injection URL');
  for (const install of cluster.whole('installs'))
    if (install.istiod && install.namespace === namespace) add(install.network, 'values.global.network');
  const byNetwork = Map.groupBy(injected, (pod) => injectedInto(pod)[0]);
  for (const [network, pods] of byNetwork) if (pods.length * 2 > injected.length) add(network, undefined);
  return [...found.values()];
}

/** Whether a pod has a proxy of this mesh. Another mesh may be in the same cluster, with a meshID and networks of its own. */
export function isOfMesh(cluster: ClusterView, { proxy }: PodRecord): boolean {
  const own = cluster.install?.meshId;
  return proxy !== undefined && (own === undefined || (proxy.meshId ?? own) === own);
}

const injectedInto = ({ labels, proxy }: PodRecord): string[] =>
  [labels[networkLabel], proxy?.network].filter((one) => one !== undefined);

/** The endpoints with a sidecar that an istiod holds on one network. */
interface EndpointsOnNetwork {
  /** The clusters of the istiods. They are not on the network of the cluster, so their proxies need its gateway. */
  callers: string[];
  hosts: string[];
}

/** The endpoints of a cluster that istiods of other networks hold on a network; "" if they do not have a network. Throws NotRead. */
export function endpointsOn(view: MeshView, cluster: ClusterView, network: string): EndpointsOnNetwork {
  const ids = idsOf(cluster);
  const callers = new Set<string>();
  const hosts = new Set<string>();
  for (const reader of view.primaries)
    if (view.declaredNetwork(reader.name) !== view.declaredNetwork(cluster.name))
      for (const { shards = [] } of reader.seen('istiods'))
        for (const shard of shards)
          if (ids.has(shard.cluster) && isMeshed(shard) && shard.networks.includes(network)) {
            callers.add(reader.name);
            hosts.add(shard.host);
          }
  return { callers: [...callers], hosts: [...hosts] };
}

/** Gateways route only to endpoints with a sidecar, so the network of other endpoints does not matter to other networks. */
export const isMeshed = ({ provider, mtls }: ShardRecord): boolean => provider === 'Kubernetes' && mtls > 0;

/**
 * The cluster of a gateway that istiods of `reader` know, by its address. istiod does not name the cluster of a gateway that
 * meshNetworks lists by its address: it is the declared cluster with that address, or else the first that is declared on its network or
 * that `fromRegistry` names. Undefined if neither is known.
 */
export function clusterOfGateway(
  view: MeshView,
  reader: ClusterView,
  { address, port }: { address: string; port: number },
): string | undefined {
  const { clusters } = view.snapshot.declared;
  const declared = clusters.find(({ eastWestGateway }) => eastWestGateway?.address === address);
  const known = reader
    .seen('istiods')
    .flatMap(({ networks = [] }) => networks)
    .find((one) => one.address === address && one.port === port);
  if (declared || known === undefined) return declared?.name;
  if (known.cluster !== '') return clusterNamed(view, known.cluster);
  const registries = fromReadable([reader], meshNetworksOf)
    .filter(({ name }) => name === known.network)
    .flatMap((one) => one.registries);
  return (
    clusters.find(({ network }) => network === known.network)?.name ??
    registries.map((id) => clusterNamed(view, id)).find((name) => view.clusterNames.includes(name))
  );
}

/** For folding: a wrong network of pods; an empty text is none. */
export const networkSubject = (network: string): string => `network ${network || 'none'}`;
