import type { PodRecord, ResourceRecord, ServiceRecord } from '../mesh/snapshot/schema.ts';
import { networkLabel, type ClusterView } from './cluster-view.ts';
import { selects } from './pod-index.ts';
import { labels, numeric, table, tables, text, texts } from './spec-reader.ts';

/** Where Istio's gateways take what comes from other networks; the label networking.istio.io/gatewayPort changes it. */
const defaultPort = 15443;

/** A Service that is, or looks like, the way into a cluster's network. */
export interface GatewayService {
  service: ServiceRecord;
  /** What its label topology.istio.io/network names; without it istiod does not take it for a gateway. */
  network: string | undefined;
  /** The port that istiod takes it to listen on. */
  port: number;
  pods: readonly PodRecord[];
}

/**
 * The east-west gateways of a cluster: Services with a network label, as istiod finds them, and those that are one in
 * all but that label: by the mesh file, by the name that Istio's own samples give, or by port 15443.
 */
export function eastWestGateways(cluster: ClusterView): GatewayService[] {
  const declared = cluster.declared?.eastWestGateway;
  const looksLike = ({ name, namespace, type, ports, labels: own }: ServiceRecord): boolean =>
    (declared !== undefined && namespace === declared.namespace && name === declared.deployment) ||
    own['istio'] === 'eastwestgateway' ||
    (type === 'LoadBalancer' && ports.some(({ port }) => port === defaultPort));
  return cluster.data.services
    .filter((service) => service.labels[networkLabel] !== undefined || looksLike(service))
    .map((service) => ({
      service,
      network: service.labels[networkLabel],
      port: Number(service.labels['networking.istio.io/gatewayPort'] ?? defaultPort) || defaultPort,
      pods: cluster.podsOf(service),
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

/** The servers that are meant for what comes from other networks: passing TLS on by itself, or on the gateway's port. */
export function crossNetworkServers(cluster: ClusterView): GatewayServer[] {
  const ports = new Set(eastWestGateways(cluster).map(({ port }) => port));
  return gatewayServers(cluster).filter(
    ({ mode, port, protocol }) =>
      mode === 'AUTO_PASSTHROUGH' ||
      (port !== undefined && ports.has(port) && (protocol === 'TLS' || mode !== '')),
  );
}

/** Kubernetes Gateways that pass TLS on by themselves; they stand for a Gateway and its Service at once. */
export const hasKubernetesEastWest = (cluster: ClusterView): boolean =>
  cluster.resources('KubernetesGateway').some(({ labels: own, spec }) => {
    const className = text(spec['gatewayClassName']) ?? '';
    return own[networkLabel] !== undefined || className === 'istio-east-west' || className === 'istio-remote';
  });

/** Whether a Gateway's selector takes pods of a gateway; an Istio Gateway selects in every namespace. */
export const takes = (selector: Readonly<Record<string, string>>, pods: readonly PodRecord[]): boolean =>
  pods.some((pod) => selects(selector, pod.labels));
