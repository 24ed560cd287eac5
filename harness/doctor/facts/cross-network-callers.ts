import type { ClusterView } from '../cluster-view.ts';
import { meshServices, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { eastWestGateways } from '../gateways.ts';
import { fromReadable } from '../unread.ts';
import { knownGateways } from './network-gateways.ts';

const hasSidecars = (cluster: ClusterView): boolean => cluster.seen('pods').some(({ sidecar }) => sidecar);

/** Whether sidecars resolve the names of services that have a Service in other clusters only. */
const resolvesAll = (cluster: ClusterView): boolean =>
  cluster.seen('pods').some(({ proxy }) => proxy?.dnsCapture === true) ||
  cluster
    .seen('installs')
    .some(({ settings }) => settings?.proxyMetadata?.['ISTIO_META_DNS_CAPTURE'] === 'true');

const isOutside = (view: MeshView, cluster: ClusterView, other: ClusterView): boolean =>
  view.declaredNetwork(other.name) !== view.declaredNetwork(cluster.name);

/** The clusters on other networks with sidecars that can call a service by its name: its Service exists there too. */
export const namedCallers = (view: MeshView, cluster: ClusterView, service: MeshService): ClusterView[] =>
  service.in
    .filter(({ service: { type } }) => type !== 'ExternalName')
    .map((one) => one.cluster)
    .filter((one) => isOutside(view, cluster, one) && hasSidecars(one));

const callers = new WeakMap<ClusterView, ClusterView[]>();

/** The clusters on other networks with sidecars that call services of a cluster, as far as the snapshot shows. */
export function callersOf(view: MeshView, cluster: ClusterView): ClusterView[] {
  const services = meshServices(view);
  for (const one of view.clusters) one.seen('installs'); // before the memo, so that every check notes the parts that it rests on
  const before = callers.get(cluster);
  if (before) return before;
  const own = services.filter(({ meshed }) => meshed.includes(cluster));
  const found = view.clusters.filter(
    (other) =>
      own.length > 0 &&
      isOutside(view, cluster, other) &&
      hasSidecars(other) &&
      (own.some((service) => service.in.some((one) => one.cluster === other)) || resolvesAll(other)),
  );
  callers.set(cluster, found);
  return found;
}

/** By caller and host: the addresses to which its sidecars send calls. */
const sentTo = new WeakMap<ClusterView, Map<string, Set<string>>>();

function addressesOf(caller: ClusterView): ReadonlyMap<string, ReadonlySet<string>> {
  const before = sentTo.get(caller);
  if (before) return before;
  const made = new Map<string, Set<string>>();
  for (const { type, upstreams } of caller.seen('proxies'))
    for (const { host, endpoints } of type === 'sidecar' ? upstreams : []) {
      const addresses = made.get(host) ?? new Set();
      for (const { address } of endpoints) addresses.add(address);
      made.set(host, addresses);
    }
  sentTo.set(caller, made);
  return made;
}

const gatewaysOf = new WeakMap<ClusterView, ReadonlySet<string>>();

/** The addresses of the gateways of the network of a cluster. */
function gatewayAddresses(view: MeshView, cluster: ClusterView): ReadonlySet<string> {
  const known = knownGateways(view); // before the memo, so that every check notes the parts that it rests on
  const network = view.declaredNetwork(cluster.name);
  const made =
    gatewaysOf.get(cluster) ??
    new Set([
      ...known.flatMap((one) => (one.network === network ? [one.address] : [])),
      ...fromReadable([cluster], eastWestGateways).flatMap(({ service }) => service.external),
    ]);
  gatewaysOf.set(cluster, made);
  return made;
}

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
  caller.seen('proxies');
  if (sent && [...sent].some((address) => gateways.has(address))) return true;
  caller.whole('proxies');
  return false;
}
