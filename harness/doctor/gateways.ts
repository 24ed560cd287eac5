import type { PodRecord, ResourceRecord, ServiceRecord } from '../snapshot/schema.ts';
import { networkLabel, type ClusterView } from './cluster-view.ts';
import { selects } from './pod-index.ts';
import { labels, numeric, table, tables, text, texts } from './spec-reader.ts';

/** The port of Istio's gateways for traffic from other networks; the label networking.istio.io/gatewayPort changes it. */
const defaultPort = 15443;

/** A Service that is, or looks like, the gateway to a cluster's network. */
export interface GatewayService {
  service: ServiceRecord;
  /** Its label topology.istio.io/network; without the label, istiod does not use the Service as a gateway. */
  network: string | undefined;
  /** The port on which istiod expects it to listen. */
  port: number;
  /** Throws NotRead. */
  readonly pods: readonly PodRecord[];
}

/**
 * The east-west gateways of a cluster: the Services with a network label, as istiod finds them, and the Services that lack
 * only the label. The mesh file, the name in Istio's samples, or port 15443 identify the latter. Throws NotRead.
 */
export function eastWestGateways(cluster: ClusterView): GatewayService[] {
  const declared = cluster.declared?.eastWestGateway;
  const looksLike = ({ name, namespace, type, ports, labels: own }: ServiceRecord): boolean =>
    (declared !== undefined && namespace === declared.namespace && name === declared.deployment) ||
    own['istio'] === 'eastwestgateway' ||
    (type === 'LoadBalancer' && ports.some(({ port }) => port === defaultPort));
  return [...cluster.services.values()]
    .filter((service) => service.labels[networkLabel] !== undefined || looksLike(service))
    .map((service) => ({
      service,
      network: service.labels[networkLabel],
      port: Number(service.labels['networking.istio.io/gatewayPort'] ?? defaultPort) || defaultPort,
      get pods() {
        return cluster.podsOf(service);
      },
    }));
}

/** One server of an Istio Gateway. */
export interface GatewayServer {
  resource: ResourceRecord;
  selector: Record<string, string>;
  port: number | undefined;
  protocol: string;
  mode: string;
  hosts: string[];
}

/** Every server of every Istio Gateway of a cluster. */
export function gatewayServers(cluster: ClusterView): GatewayServer[] {
  return cluster.resources('Gateway').flatMap((resource) =>
    tables(resource.spec['servers']).map((server) => ({
      resource,
      selector: labels(resource.spec['selector']),
      port: numeric(table(server['port'])['number']),
      protocol: text(table(server['port'])['protocol']) ?? '',
      mode: text(table(server['tls'])['mode']) ?? '',
      hosts: texts(server['hosts']),
    })),
  );
}

/** The servers for traffic from other networks: with AUTO_PASSTHROUGH, or on the port of the gateway. Throws NotRead. */
export function crossNetworkServers(cluster: ClusterView): GatewayServer[] {
  const ports = new Set(eastWestGateways(cluster).map(({ port }) => port));
  return gatewayServers(cluster).filter(
    ({ mode, port, protocol }) =>
      mode === 'AUTO_PASSTHROUGH' ||
      (port !== undefined && ports.has(port) && (protocol === 'TLS' || mode !== '')),
  );
}

/** Whether a Kubernetes Gateway passes TLS on; it replaces an Istio Gateway and its Service. Throws NotRead. */
export const hasKubernetesEastWest = (cluster: ClusterView): boolean =>
  cluster.resources('KubernetesGateway').some(({ labels: own, spec }) => {
    const className = text(spec['gatewayClassName']) ?? '';
    return own[networkLabel] !== undefined || className === 'istio-east-west' || className === 'istio-remote';
  });

/** A condition for folding: a gateway without a service to forward to does not listen. */
export const gatewayListener = 'listener of the gateway';

/** Whether the selector of a Gateway selects pods of a gateway; an Istio Gateway selects in every namespace. */
export const selectsAnyOf = (
  selector: Readonly<Record<string, string>>,
  pods: readonly Pick<PodRecord, 'labels'>[],
): boolean => pods.some((pod) => selects(selector, pod.labels));
