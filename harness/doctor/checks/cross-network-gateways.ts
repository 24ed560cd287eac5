import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { callerClusters } from '../facts/cross-network-callers.ts';
import {
  configures,
  isOnPort,
  isPassing,
  refOf,
  serversFor,
  type GatewayServer,
} from '../facts/gateway-servers.ts';
import { networkGateways } from '../facts/network-gateways.ts';
import type { Severity } from '../finding.ts';
import { firstFew } from '../format-values.ts';
import {
  callsThrough,
  hasGatewayPort,
  podsOrTemplates,
  targetPortsOf,
  type GatewayPod,
  type GatewayService,
} from '../gateways.ts';
import { perDataPlane } from '../per-cluster.ts';
import { closed } from '../per-gateways.ts';

const reference =
  'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#expose-services-in-cluster1';
const apply =
  'kubectl --context <cluster> apply -n istio-system -f samples/multicluster/expose-services.yaml';

const needs = ['resources', 'installs', 'services', 'pods', 'workloads', 'istiods'] as const;

/** A gateway of a network that no server with AUTO_PASSTHROUGH opens on its port. */
interface Closed {
  gateway: GatewayService;
  pods: readonly GatewayPod[];
  cluster: ClusterView;
  /** All servers that may configure the gateway. */
  servers: GatewayServer[];
  /** The servers with AUTO_PASSTHROUGH that configure its pods, on other ports. */
  elsewhere: GatewayServer[];
  /** The servers without AUTO_PASSTHROUGH that configure its pods, on its port. */
  otherwise: GatewayServer[];
  severity: Severity;
}

/** Judges every gateway that has pods and that is not open for other networks, by itself. */
const perClosed = (judge: (closed: Closed) => Iterable<Sighting>): Check['run'] =>
  perDataPlane(function* (cluster, view) {
    if (!view.multiNetwork) return;
    const severity = callerClusters(view, cluster).length > 0 ? 'error' : 'warning';
    for (const gateway of networkGateways(view, cluster)) {
      const pods = podsOrTemplates(cluster, gateway);
      // A Service without the port has its own finding, or it takes HBONE only.
      if (pods.length === 0 || !hasGatewayPort(gateway)) continue;
      const servers = serversFor(view, cluster);
      const own = servers.filter((server) => pods.some((pod) => configures(server, pod)));
      const onPort = own.filter((server) => isOnPort(server, gateway));
      if (onPort.some(isPassing)) continue;
      const elsewhere = own.filter(isPassing);
      for (const sighting of judge({
        gateway,
        pods,
        cluster,
        servers,
        elsewhere,
        otherwise: onPort,
        severity,
      }))
        yield { severity, subject: gateway.key, covers: [callsThrough(gateway.key)], ...sighting };
    }
  });

const closedFor = ({ gateway, cluster }: Closed): string =>
  `the gateway ${gateway.key} of ${cluster.name} does not forward calls of other networks`;

const noGateway: Check = {
  code: 'MP3301',
  title: 'A cluster does not have a Gateway that exposes its services to other networks',
  severity: 'error',
  explanation:
    'The east-west gateway listens on port 15443 only if a Gateway with TLS mode AUTO_PASSTHROUGH selects it. Without that Gateway, the gateway refuses connections from other clusters.',
  remedy: apply,
  reference,
  needs,
  explains: closed,
  run: perClosed(function* ({ cluster, servers, otherwise, gateway }) {
    if (servers.some(isPassing) || otherwise.length > 0) return;
    yield {
      object: `Gateway ${cluster.systemNamespace}/cross-network-gateway`,
      evidence: [
        { what: 'Gateways with AUTO_PASSTHROUGH', seen: 0, expected: 1 },
        { what: 'gateway', seen: gateway.key },
      ],
      cause: `${cluster.name} does not have a Gateway that exposes its services to other networks.`,
    };
  }),
};

const passOn = ({ isListener, index, resource }: GatewayServer): string =>
  isListener
    ? `kubectl --context <cluster> -n ${resource.namespace} patch gateways.gateway.networking.k8s.io ${resource.name} --type=json -p '[{"op":"add","path":"/spec/listeners/${index}/tls","value":{"mode":"Passthrough","options":{"gateway.istio.io/listener-protocol":"auto-passthrough"}}}]'`
    : `kubectl --context <cluster> -n ${resource.namespace} patch gateways.networking.istio.io ${resource.name} --type=json -p '[{"op":"replace","path":"/spec/servers/${index}/tls","value":{"mode":"AUTO_PASSTHROUGH"}}]'`;

const wrongMode: Check = {
  code: 'MP3302',
  title: 'The cross-network Gateway has the wrong TLS mode',
  severity: 'error',
  explanation:
    'Only AUTO_PASSTHROUGH makes a gateway forward TLS to the service that the SNI names. A Kubernetes Gateway needs the mode Passthrough, and either the option gateway.istio.io/listener-protocol: auto-passthrough or the port in its network labels. PASSTHROUGH needs a route for each host. The other modes end TLS at the gateway, so the gateway drops the identity of the caller and the handshake fails.',
  remedy: apply,
  reference: 'https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings-TLSmode',
  needs,
  explains: closed,
  run: perClosed(function* (found) {
    const [server] = found.otherwise;
    if (!server) return;
    const mode = server.mode || 'none';
    yield {
      object: refOf(server),
      evidence: [
        { what: 'tls.mode', seen: mode, expected: 'AUTO_PASSTHROUGH' },
        { what: 'port', seen: server.port ?? 'none' },
      ],
      cause: `The Gateway ${keyOf(server.resource)} has TLS mode ${mode}, not AUTO_PASSTHROUGH, so ${closedFor(found)}.`,
      remedy: passOn(server),
    };
  }),
};

const wrongSelector: Check = {
  code: 'MP3303',
  title: 'The cross-network Gateway does not select the east-west gateway',
  severity: 'error',
  explanation:
    'The selector of the Gateway must match the labels of the pods behind the Service of the east-west gateway. If it matches other pods or does not match a pod, nothing listens on port 15443. If a cluster has several gateways, each needs a Gateway that selects it.',
  remedy:
    'kubectl --context <cluster> get pods -A --show-labels | grep eastwest\nkubectl --context <cluster> -n <namespace> edit gateway <name>   # spec.selector',
  reference,
  needs,
  explains: closed,
  run: perClosed(function* (found) {
    const { gateway, pods, servers, elsewhere, otherwise } = found;
    const first = servers.find(isPassing);
    if (!first || elsewhere.length > 0 || otherwise.length > 0) return;
    yield {
      object: refOf(first),
      evidence: [
        {
          what: 'selector',
          seen: JSON.stringify(first.selector),
          expected: `matches ${firstFew(pods.map(({ name }) => name))}`,
        },
        { what: 'gateway pods that it matches', seen: 0, expected: pods.length },
      ],
      cause: `The Gateway ${keyOf(first.resource)} does not select a pod of ${gateway.key}, so ${closedFor(found)}.`,
      remedy: `kubectl --context <cluster> -n ${gateway.service.namespace} get pods --show-labels\nkubectl --context <cluster> -n <namespace> edit gateway <name>   # spec.selector`,
    };
  }),
};

const wrongPort: Check = {
  code: 'MP3305',
  title: 'The cross-network Gateway uses a port that the Service of the east-west gateway does not have',
  severity: 'error',
  explanation:
    'The port of the Gateway must be a port of the Service of the east-west gateway. It must also be the port that istiod sends to other clusters: 15443, unless a label changes it. On any other port, the gateway does not get calls.',
  remedy: apply,
  reference,
  needs,
  explains: closed,
  run: perClosed(function* (found) {
    const { gateway, elsewhere, otherwise, cluster } = found;
    const [server] = elsewhere;
    if (!server || otherwise.length > 0) return;
    yield {
      object: refOf(server),
      evidence: [
        { what: 'port', seen: server.port ?? 'none', expected: gateway.port },
        { what: `ports of the pods of ${gateway.key}`, seen: targetPortsOf(gateway).join(', ') || 'none' },
      ],
      cause: `The Gateway ${keyOf(server.resource)} of ${cluster.name} uses port ${server.port}, but other clusters call port ${gateway.port} of ${gateway.key}.`,
    };
  }),
};

export const crossNetworkGatewayChecks = [noGateway, wrongMode, wrongSelector, wrongPort];
