import type { PodRecord, ServiceRecord } from '../snapshot/schema.ts';
import { keyOf, networkLabel, type ClusterView } from './cluster-view.ts';
import { keptFor } from './kept.ts';
import { selects } from './pod-index.ts';

/** The port of Istio's gateways for traffic from other networks; the label networking.istio.io/gatewayPort changes it. */
export const defaultGatewayPort = 15443;
/** The port on which gateways take HBONE, which sidecars do not use across networks. */
export const hbonePort = 15008;
/** The label that Istio gives to the Service and the pods of a Kubernetes Gateway. */
export const gatewayNameLabel = 'gateway.networking.k8s.io/gateway-name';

/** A Service that is, or looks like, a gateway to a network. */
export interface GatewayService {
  /** `namespace/name` of the Service. */
  key: string;
  service: ServiceRecord;
  /** The network that its label or meshNetworks names; without one, istiod does not use the Service as a gateway. */
  network: string | undefined;
  /** The port of the Service to which istiod sends other networks. */
  port: number;
  /** Throws NotRead. */
  readonly pods: readonly PodRecord[];
}

/** A gateway of a network. */
export const gatewayService = (
  cluster: ClusterView,
  service: ServiceRecord,
  network: string | undefined,
  port: number,
): GatewayService => ({
  key: keyOf(service),
  service,
  network,
  port,
  get pods() {
    return cluster.podsOf(service);
  },
});

/**
 * The east-west gateways of a cluster: the Services with a network label, as istiod finds them, and the Services that lack
 * only the label. The mesh file, the name in Istio's samples, port 15443, or a Kubernetes Gateway identify the latter. The gateway of
 * the mesh file comes first. Throws NotRead.
 */
export const eastWestGateways = keptFor(({ services }: ClusterView) => services, findEastWestGateways);

function findEastWestGateways(cluster: ClusterView): readonly GatewayService[] {
  const declared = cluster.declared?.eastWestGateway;
  const isDeclared = ({ name, namespace }: ServiceRecord): boolean =>
    declared !== undefined && namespace === declared.namespace && name === declared.deployment;
  const looksLike = ({ type, ports, labels: own }: ServiceRecord): boolean =>
    own['istio'] === 'eastwestgateway' ||
    (type === 'LoadBalancer' && ports.some(({ port }) => port === defaultGatewayPort));
  const found = [...cluster.services.values()].filter(
    (service) =>
      (service.labels[networkLabel] || isDeclared(service) || looksLike(service)) && !isWaypoint(service),
  );
  return found
    .toSorted((a, b) => Number(isDeclared(b)) - Number(isDeclared(a)))
    .map((service) =>
      gatewayService(
        cluster,
        service,
        service.labels[networkLabel] || undefined,
        gatewayPortOf(service.labels),
      ),
    );
}

/** Istio gives the network label to the Services of waypoints too, which other networks do not call. */
const isWaypoint = ({ labels }: ServiceRecord): boolean =>
  labels['gateway.networking.k8s.io/gateway-class-name']?.includes('waypoint') === true;

/** The port that istiod takes from labels: the label networking.istio.io/gatewayPort if it is a number, or else 15443. */
export const gatewayPortOf = (labels: Readonly<Record<string, string>>): number =>
  Number(labels['networking.istio.io/gatewayPort'] ?? defaultGatewayPort) || defaultGatewayPort;

/** Whether the Service of a gateway has the port for other networks. */
export const hasGatewayPort = ({ service, port: wanted }: GatewayService): boolean =>
  service.ports.some(({ port }) => port === wanted);

/** The ports of the pods behind the port of a gateway. Throws NotRead if the Service names the port of its pods. */
export function targetPortsOf({ service, port, pods }: GatewayService, of = port): number[] {
  const target = service.ports.find((one) => one.port === of)?.targetPort ?? of;
  if (typeof target === 'number') return [target];
  const named = pods.flatMap(({ containers }) =>
    containers.flatMap(({ ports }) => ports.filter(({ name }) => name === target).map((one) => one.port)),
  );
  return [...new Set(named)];
}

/** For folding: calls to a service, `namespace/name`, through a gateway, `namespace/name`; `*` for any. */
export const callsThrough = (gateway: string, service = '*'): string => `${gateway} for ${service}`;

/** A pod of a gateway, as far as a selector looks at it. */
export type GatewayPod = Pick<PodRecord, 'namespace' | 'name' | 'labels'>;

/** The pods of a gateway; without pods, the templates of the workloads that its Service selects. Throws NotRead. */
export function podsOrTemplates(
  cluster: ClusterView,
  { service, pods }: GatewayService,
): readonly GatewayPod[] {
  if (pods.length > 0 || Object.keys(service.selector).length === 0) return pods;
  return cluster
    .whole('workloads')
    .filter((one) => one.namespace === service.namespace && selects(service.selector, one.templateLabels))
    .map(({ namespace, name, templateLabels }) => ({ namespace, name, labels: templateLabels }));
}
