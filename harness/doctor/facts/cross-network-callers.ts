import type { ClusterView } from '../cluster-view.ts';
import { keptFor } from '../kept.ts';
import { meshServices, servicesMeshedIn, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { eastWestGateways } from '../gateways.ts';
import { fromReadable } from '../unread.ts';
import { knownGateways } from './network-gateways.ts';
import { areApart } from './networks.ts';

const hasSidecars = (cluster: ClusterView): boolean => cluster.seen('pods').some(({ sidecar }) => sidecar);

/** Whether sidecars resolve the names of services that have a Service in other clusters only. */
const resolvesAll = (cluster: ClusterView): boolean =>
  cluster.seen('pods').some(({ proxy }) => proxy?.dnsCapture === true) ||
  cluster
    .seen('installs')
    .some(({ settings }) => settings?.proxyMetadata?.['ISTIO_META_DNS_CAPTURE'] === 'true');

/** The clusters on other networks with sidecars that can call a service by its name: its Service exists there too. */
export const namedCallers = (view: MeshView, cluster: ClusterView, service: MeshService): ClusterView[] =>
  service.in
    .filter(({ service: { type } }) => type !== 'ExternalName')
    .map((one) => one.cluster)
    .filter((one) => areApart(view, cluster, one) && hasSidecars(one));

/** The clusters on other networks with sidecars that call services of a cluster, as far as the snapshot shows. */
export const callerClusters = keptFor(
  (view: MeshView, _cluster: ClusterView) => {
    meshServices(view);
    for (const one of view.clusters) one.seen('installs');
  },
  (view, cluster): readonly ClusterView[] => {
    const own = servicesMeshedIn(view, cluster);
    return view.clusters.filter(
      (other) =>
        own.length > 0 &&
        areApart(view, cluster, other) &&
        hasSidecars(other) &&
        (own.some((service) => service.in.some((one) => one.cluster === other)) || resolvesAll(other)),
    );
  },
);

/** By host: the addresses to which sidecars of a cluster send calls. */
const addressesOf = keptFor(
  (caller: ClusterView) => caller.seen('proxies'),
  (caller): ReadonlyMap<string, ReadonlySet<string>> => {
    const made = new Map<string, Set<string>>();
    for (const { type, upstreams } of caller.seen('proxies'))
      for (const { host, endpoints } of type === 'sidecar' ? upstreams : []) {
        const addresses = made.get(host) ?? new Set();
        for (const { address } of endpoints) addresses.add(address);
        made.set(host, addresses);
      }
    return made;
  },
);

/** The addresses of the gateways of the network of a cluster. */
const gatewayAddresses = keptFor(
  (view: MeshView, cluster: ClusterView) => [knownGateways(view), fromReadable([cluster], eastWestGateways)],
  (view, cluster): ReadonlySet<string> => {
    const network = view.declaredNetwork(cluster.name);
    return new Set([
      ...knownGateways(view).flatMap((one) => (one.network === network ? [one.address] : [])),
      ...fromReadable([cluster], eastWestGateways).flatMap(({ service }) => service.external),
    ]);
  },
);

/**
 * Whether sidecars of a cluster send calls for a host to a gateway of the network of another cluster. If the read proxies do not know
 * the host, all proxies have to be read. Throws NotRead.
 */
export function sendsThroughGateway(
  view: MeshView,
  caller: ClusterView,
  target: ClusterView,
  host: string,
): boolean {
  const sent = addressesOf(caller).get(host);
  const gateways = gatewayAddresses(view, target);
  if (sent && [...sent].some((address) => gateways.has(address))) return true;
  caller.whole('proxies');
  return false;
}
