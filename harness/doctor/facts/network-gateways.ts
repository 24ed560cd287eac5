import { isIP } from 'node:net';
import type { IstiodRecord } from '../../snapshot/schema.ts';
import { networkLabel, type ClusterView } from '../cluster-view.ts';
import { eastWestGateways, gatewayService, hasGatewayPort, type GatewayService } from '../gateways.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { tables } from '../spec-reader.ts';
import { fromReadable } from '../unread.ts';
import { parseMeshNetworks } from './mesh-networks.ts';

/** A gateway that an istiod knows, of /debug/networkz. */
type KnownGateway = NonNullable<IstiodRecord['networks']>[number];

/** An istiod makes addresses of the nodes of a NodePort gateway only if its Service has this annotation. */
export const nodeSelector = 'traffic.istio.io/nodeSelector';

/** The primaries whose proxies reach a cluster through a gateway: those of other networks. If all share its network, all primaries. */
function readersOf(view: MeshView, cluster: ClusterView): ClusterView[] {
  const network = view.declaredNetwork(cluster.name);
  const outside = view.primaries.filter(({ name }) => view.declaredNetwork(name) !== network);
  return outside.length > 0 ? outside : view.primaries;
}

/** Whether the Services or Kubernetes Gateways of a cluster give istiod a gateway of a network. Throws NotRead. */
const gives = (view: MeshView, cluster: ClusterView, network: string): boolean =>
  networkGateways(view, cluster).some((one) => one.network === network && isUsed(one)) ||
  cluster
    .resources('KubernetesGateway')
    .some(({ labels, spec }) => labels[networkLabel] === network && tables(spec['addresses']).length > 0);

/**
 * The primaries of other networks whose istiods do not have a gateway of a network of a cluster for sidecars: port 0 in /debug/networkz
 * stands for a gateway that takes HBONE only. A gateway of the cluster that its objects do not give any more is about to be lost, so
 * it does not count. A primary whose page was not read is left out. Throws NotRead.
 */
export function readersWithout(view: MeshView, cluster: ClusterView, network: string): ClusterView[] {
  const isGiven = gives(view, cluster, network);
  return fromReadable(readersOf(view, cluster), (reader) => {
    const pages = reader.seen('istiods').length > 0 ? reader.pages('networks') : [];
    const lacks = pages.every(
      (known) =>
        !known.some(
          (one) => one.network === network && one.port !== 0 && (isGiven || one.cluster !== cluster.name),
        ),
    );
    return pages.length > 0 && lacks ? [reader] : [];
  });
}

/** The gateways that the istiods of the mesh know, as far as they were read. */
export const knownGateways = keptFor(
  (view: MeshView) => {
    for (const cluster of view.clusters) cluster.seen('istiods');
  },
  (view): readonly KnownGateway[] =>
    view.clusters.flatMap((cluster) => cluster.seen('istiods').flatMap(({ networks = [] }) => networks)),
);

/**
 * The gateways through which other networks reach a cluster: the Services that istiod uses, by label, by meshNetworks, or by the address
 * of a Service in meshNetworks. If istiod does not use any of them, the Services that look like a gateway. Throws NotRead.
 */
export const networkGateways = keptFor((view: MeshView, cluster: ClusterView) => {
  eastWestGateways(cluster);
  for (const one of view.clusters) for (const part of ['istiods', 'installs'] as const) one.seen(part);
}, findNetworkGateways);

function findNetworkGateways(view: MeshView, cluster: ClusterView): readonly GatewayService[] {
  const candidates = eastWestGateways(cluster);
  const known = knownGateways(view);
  const settings = view.clusters.flatMap((one) =>
    one.seen('installs').flatMap(({ meshNetworks }) => parseMeshNetworks(meshNetworks)),
  );
  const labelled = candidates.filter(({ network }) => network !== undefined);
  const bySettings = settings
    .filter(({ registries }) => registries.includes(cluster.name))
    .flatMap(({ name, gateways }) =>
      gateways.flatMap(({ key = '', port }) => {
        const service = cluster.services.get(key);
        return service ? [gatewayService(cluster, service, name, port)] : [];
      }),
    );
  const byAddress = candidates.flatMap(({ service }) =>
    // istiod does not know the cluster of an address in meshNetworks.
    known.flatMap(({ cluster: from, address, port, network }) =>
      from === '' && service.external.includes(address) && service.ports.some((one) => one.port === port)
        ? [gatewayService(cluster, service, network, port)]
        : [],
    ),
  );
  const used = new Map<string, GatewayService>();
  for (const one of [...labelled, ...bySettings, ...byAddress])
    used.set(`${one.key}:${one.port}`, used.get(`${one.key}:${one.port}`) ?? one);
  return used.size > 0 ? [...used.values()] : candidates;
}

/** Whether istiod sends the address of a gateway to other networks: it has a network, an address, and the port. */
export const isUsed = (gateway: GatewayService): boolean =>
  gateway.network !== undefined && hasGatewayPort(gateway) && hasAddress(gateway);

const hasAddress = ({ service }: GatewayService): boolean =>
  service.external.length > 0 ||
  (service.type === 'NodePort' && service.annotations[nodeSelector] !== undefined);

/** The gateway of a cluster at an address, if it is certain. Undefined if the Services of the cluster were not read. */
export function gatewayAt(
  view: MeshView,
  cluster: string,
  address: string,
  port: number,
): GatewayService | undefined {
  const all = fromReadable([cluster], (name) => networkGateways(view, view.answered(name)));
  const onPort = all.filter(
    ({ service, port: own }) =>
      own === port || service.ports.some((one) => one.port === own && one.nodePort === port),
  );
  const atAddress = all.filter(({ service }) => service.external.includes(address));
  // istiod resolves a host name, so its address is not that of the Service.
  const byName = onPort.filter(({ service }) => service.external.some((one) => isIP(one) === 0));
  const certain = [onPort.filter((one) => atAddress.includes(one)), atAddress, byName, onPort, all];
  return certain.find((some) => some.length === 1)?.[0];
}
