import { isIP } from 'node:net';
import type { MeshFileCluster } from '../config/mesh-file.ts';
import type { NodeRecord, ServiceRecord } from '../snapshot/schema.ts';
import type { ClusterObjects, KubernetesGateway } from './read-cluster.ts';

/** The label of the network that an object belongs to (Istio reference, resource labels). */
export const networkLabel = 'topology.istio.io/network';
/** The port of Istio's gateways for traffic from other networks. */
const crossNetworkPort = 15443;
/** The port on which a waypoint-less ambient gateway takes HBONE (Istio, ambient multicluster). */
const hbonePort = 15008;

type EastWestGateway = NonNullable<MeshFileCluster['eastWestGateway']>;

/** A gateway that was found, or the reason why its address is not known. */
export type Found<T> = { value: T } | { reason: string };

/**
 * The east-west gateway of a cluster, as other clusters reach it. Its Service has the label istio=eastwestgateway or a network label,
 * belongs to a Kubernetes Gateway for other networks, or has port 15443 and is not an ingress gateway.
 */
export function eastWestGatewayOf(cluster: ClusterObjects): Found<EastWestGateway> {
  const kubernetes = cluster.gateways.filter(isEastWest);
  const [service] = bestFirst(cluster.services, [
    ({ labels }) => labels['istio'] === 'eastwestgateway',
    (one) => kubernetes.some((gateway) => belongsTo(one, gateway)),
    ({ labels }) => labels[networkLabel] !== undefined,
    ({ labels, ports }) =>
      labels['istio'] !== 'ingressgateway' && ports.some(({ port }) => port === crossNetworkPort),
  ]);
  if (service) {
    const deployment = deploymentOf(service, cluster);
    const at = addressOf(service, cluster.nodes, (port) => isCrossNetworkPort(port, service));
    return at === undefined
      ? { reason: `Service ${nameOf(service)} does not have an address from outside the cluster` }
      : { value: { ...at, namespace: service.namespace, deployment } };
  }
  const [gateway] = kubernetes;
  if (!gateway) return { reason: 'the cluster has neither a Service nor a Gateway for other networks' };
  const { namespace = '', name = '' } = gateway.metadata ?? {};
  const address = gateway.status?.addresses?.[0]?.value;
  if (address === undefined) return { reason: `Gateway ${namespace}/${name} does not have an address` };
  const port = gateway.spec?.listeners?.find((one) => one.port === crossNetworkPort)?.port ?? hbonePort;
  return { value: { address, port, namespace, deployment: name } };
}

/** The base URL of the ingress gateway of a cluster: plain HTTP at the first address of its Service. */
export function ingressOf(cluster: ClusterObjects): Found<string> {
  const kubernetes = cluster.gateways.filter(
    (one) => !isEastWest(one) && one.spec?.listeners?.some(({ protocol }) => protocol === 'HTTP'),
  );
  const [service] = bestFirst(cluster.services, [
    ({ labels }) => labels['istio'] === 'ingressgateway',
    (one) => kubernetes.some((gateway) => belongsTo(one, gateway)),
  ]);
  if (!service) return { reason: 'the cluster does not have an ingress gateway' };
  const at = addressOf(service, cluster.nodes, ({ port, name }) => port === 80 || /^http2?(-|$)/.test(name));
  if (at === undefined)
    return { reason: `Service ${nameOf(service)} does not have an HTTP port with an address from outside` };
  const host = at.address.includes(':') ? `[${at.address}]` : at.address;
  return { value: at.port === 80 ? `http://${host}/` : `http://${host}:${at.port}/` };
}

const nameOf = ({ namespace, name }: ServiceRecord): string => `${namespace}/${name}`;

/** Whether a Gateway is for traffic from other networks, by its class or a listener. */
function isEastWest({ metadata, spec }: KubernetesGateway): boolean {
  return (
    spec?.gatewayClassName === 'istio-east-west' ||
    (metadata?.labels?.[networkLabel] !== undefined && spec?.gatewayClassName !== 'istio-remote') ||
    (spec?.listeners?.some(({ port }) => port === crossNetworkPort) ?? false)
  );
}

/** Istio names the Service of a Gateway with this label (Gateway API, GEP-1762). */
const belongsTo = ({ namespace, labels }: ServiceRecord, { metadata }: KubernetesGateway): boolean =>
  namespace === metadata?.namespace && labels['gateway.networking.k8s.io/gateway-name'] === metadata.name;

/** The Services that a rule matches, those of the first rules first. */
const bestFirst = (
  services: readonly ServiceRecord[],
  rules: readonly ((service: ServiceRecord) => boolean)[],
): ServiceRecord[] => rules.flatMap((rule) => services.filter(rule));

type Port = ServiceRecord['ports'][number];

/** istiod takes the port of the label, else 15443, else the port named tls, else HBONE. */
function isCrossNetworkPort({ port, name }: Port, { labels, ports }: ServiceRecord): boolean {
  const labelled = Number(labels['networking.istio.io/gatewayPort'] ?? crossNetworkPort);
  if (ports.some((one) => one.port === labelled)) return port === labelled;
  return ports.some((one) => one.name === 'tls') ? name === 'tls' : port === hbonePort;
}

/** The first address of a Service from outside: of its load balancer, its externalIPs, or of a node with its NodePort. */
function addressOf(
  { external, ports, type }: ServiceRecord,
  nodes: readonly NodeRecord[],
  isWanted: (port: Port) => boolean,
): { address: string; port: number } | undefined {
  const port = ports.find(isWanted);
  if (!port) return undefined;
  const [address] = external.filter((one) => one !== '');
  if (address !== undefined) return { address, port: port.port };
  const addresses = nodes.find(({ ready }) => ready)?.addresses ?? [];
  // A node lists its internal addresses first.
  const node = addresses.findLast((one) => isIP(one) === 4) ?? addresses[0];
  if (type !== 'NodePort' || node === undefined || port.nodePort === undefined) return undefined;
  return { address: node, port: port.nodePort };
}

/** The name of the Deployment whose pods a Service selects; the name of the Service if none is found. */
function deploymentOf(service: ServiceRecord, { deployments }: ClusterObjects): string {
  const selector = Object.entries(service.selector);
  const found = deployments.find(
    ({ namespace, templateLabels }) =>
      namespace === service.namespace &&
      selector.length > 0 &&
      selector.every(([key, value]) => templateLabels[key] === value),
  );
  return found?.name ?? service.name;
}
