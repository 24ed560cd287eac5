import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers } from '../destination-rules.ts';
import {
  crossNetworkServers,
  eastWestGateways,
  gatewayListener,
  hasKubernetesEastWest,
  selectsAnyOf,
  type GatewayServer,
} from '../gateways.ts';
import { meshServices } from '../mesh-services.ts';
import { selects } from '../pod-index.ts';
import type { MeshView } from '../mesh-view.ts';
import { perDataPlane } from '../per-cluster.ts';
import { firstFew } from '../format-values.ts';

const reference =
  'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#expose-services-in-cluster1';
const apply =
  'kubectl --context <cluster> apply -n istio-system -f samples/multicluster/expose-services.yaml';

/** The findings that a closed gateway causes. */
const causedByClosedGateway = { cluster: ['MP3502'], target: ['MP3402', 'MP3401'] };

/**
 * Judges every cluster that other networks have to reach, with the servers that may configure its gateway. The primaries configure a
 * cluster without an istiod: Istio's guide for primary-remote exposes the services of both clusters in the primary.
 */
const perExposed = (
  judge: (cluster: ClusterView, servers: GatewayServer[], view: MeshView) => Iterable<Sighting>,
): Check['run'] =>
  perDataPlane(function* (cluster, view) {
    if (!view.multiNetwork || hasKubernetesEastWest(cluster)) return;
    // A cluster that is reached through the gateway of another cluster does not need a Gateway either.
    if (eastWestGateways(cluster).length === 0 && view.reachedByNeighbour(cluster)) return;
    const configuring = cluster.hasIstiod ? [cluster] : [cluster, ...view.everyPrimary()];
    yield* judge(cluster, configuring.flatMap(crossNetworkServers), view);
  });

const refOf = ({ resource }: GatewayServer): string => `Gateway ${keyOf(resource)}`;
const passes = ({ mode }: GatewayServer): boolean => mode === 'AUTO_PASSTHROUGH';

const noGateway: Check = {
  code: 'MP3301',
  title: 'A cluster does not have a Gateway that exposes its services to other networks',
  severity: 'error',
  explanation:
    'The east-west gateway listens on port 15443 only if a Gateway with TLS mode AUTO_PASSTHROUGH selects it. Without that Gateway, the gateway refuses connections from other clusters.',
  remedy: apply,
  reference,
  needs: ['resources', 'installs', 'services'],
  explains: causedByClosedGateway,
  run: perExposed(function* (cluster, servers) {
    if (servers.length === 0)
      yield {
        object: `Gateway ${cluster.systemNamespace}/cross-network-gateway`,
        evidence: [{ what: 'Gateways with AUTO_PASSTHROUGH', seen: 0, expected: 1 }],
        cause: `${cluster.name} does not have a Gateway that exposes its services to other networks.`,
      };
  }),
};

/** Reports the first server of a cluster if all its servers fail. */
const whereAllFail = (
  asked: (server: GatewayServer) => boolean,
  good: (server: GatewayServer, cluster: ClusterView) => boolean,
  describe: (server: GatewayServer, cluster: ClusterView) => Pick<Sighting, 'evidence' | 'cause'>,
): Check['run'] =>
  perExposed(function* (cluster, servers) {
    const asking = servers.filter(asked);
    const first = asking[0];
    if (first && !asking.some((one) => good(one, cluster)))
      yield { object: refOf(first), ...describe(first, cluster) };
  });

const wrongMode: Check = {
  code: 'MP3302',
  title: 'The cross-network Gateway has the wrong TLS mode',
  severity: 'error',
  explanation:
    'Only AUTO_PASSTHROUGH makes a gateway forward TLS to the service that the SNI names. PASSTHROUGH needs a route for each host. The other modes end TLS at the gateway, so the gateway drops the identity of the caller and the handshake fails.',
  remedy: apply,
  reference: 'https://istio.io/latest/docs/reference/config/networking/gateway/#ServerTLSSettings-TLSmode',
  needs: ['resources', 'services'],
  explains: causedByClosedGateway,
  run: whereAllFail(
    () => true,
    passes,
    (server, cluster) => ({
      evidence: [
        { what: 'tls.mode', seen: server.mode || 'none', expected: 'AUTO_PASSTHROUGH' },
        { what: 'port', seen: server.port ?? 'none' },
      ],
      cause: `The Gateway ${keyOf(server.resource)} of ${cluster.name} has TLS mode ${server.mode || 'none'}, not AUTO_PASSTHROUGH.`,
    }),
  ),
};

/** The names and labels of the pods of every gateway of a cluster; without pods, those of their Deployments. Throws NotRead. */
const gatewayPods = (cluster: ClusterView): { name: string; labels: Record<string, string> }[] =>
  eastWestGateways(cluster).flatMap(({ service: { namespace, selector }, pods }) =>
    pods.length > 0
      ? [...pods]
      : cluster
          .whole('workloads')
          .filter((one) => one.namespace === namespace && selects(selector, one.templateLabels))
          .map(({ name, templateLabels }) => ({ name, labels: templateLabels })),
  );

const wrongSelector: Check = {
  code: 'MP3303',
  title: 'The cross-network Gateway does not select the east-west gateway',
  severity: 'error',
  explanation:
    'The selector of the Gateway must match the labels of the pods behind the Service of the east-west gateway. If it matches other pods or does not match a pod, nothing listens on port 15443.',
  remedy:
    'kubectl --context <cluster> get pods -A --show-labels | grep eastwest\nkubectl --context <cluster> -n <namespace> edit gateway <name>   # spec.selector',
  reference,
  needs: ['resources', 'pods', 'services', 'workloads'],
  explains: causedByClosedGateway,
  run: whereAllFail(
    passes,
    ({ selector }, cluster) => {
      const pods = gatewayPods(cluster);
      return pods.length === 0 || selectsAnyOf(selector, pods);
    },
    (server, cluster) => {
      const pods = gatewayPods(cluster);
      return {
        evidence: [
          {
            what: 'selector',
            seen: JSON.stringify(server.selector),
            expected: `matches ${firstFew(pods.map(({ name }) => name)) || 'a gateway pod'}`,
          },
          { what: 'gateway pods that it matches', seen: 0, expected: Math.max(1, pods.length) },
        ],
        cause: `The Gateway ${keyOf(server.resource)} of ${cluster.name} does not select a pod of the east-west gateway.`,
      };
    },
  ),
};

const wrongHosts: Check = {
  code: 'MP3304',
  title: 'The hosts of the cross-network Gateway leave services out',
  severity: 'error',
  explanation:
    'The gateway forwards only to the hosts of the Gateway, usually *.local. A service that the hosts do not cover looks healthy to other clusters, because istiod sends them its endpoints. The gateway closes every connection to it.',
  remedy: apply,
  reference,
  needs: ['resources', 'services', 'pods'],
  explains: { 'cluster and subject': ['MP3502'], 'target and subject': ['MP3402', 'MP3401'] },
  run: perExposed(function* (cluster, servers, view) {
    const passing = servers.filter(passes);
    const first = passing[0];
    // A host may have a namespace before it.
    const hosts = passing.flatMap((server) => server.hosts.map((host) => host.split('/').at(-1) ?? ''));
    if (!first || hosts.includes('*.local')) return; // covers all services
    const own = meshServices(view).filter(({ meshed }) => meshed.includes(cluster));
    const left = own.filter(({ fqdn }) => !hosts.some((host) => covers(host, fqdn)));
    if (left.length === 0) return;
    yield {
      severity: left.length === own.length ? 'error' : 'warning',
      object: refOf(first),
      covers: [...left.map(({ fqdn }) => fqdn), ...(left.length === own.length ? [gatewayListener] : [])],
      evidence: [
        { what: 'hosts', seen: firstFew(hosts, 5) || 'none', expected: '*.local' },
        { what: 'services that are covered', seen: own.length - left.length, expected: own.length },
      ],
      cause: `The hosts of the Gateway ${keyOf(first.resource)} of ${cluster.name} leave out ${left.length} of ${own.length} services: ${firstFew(left.map(({ key }) => key))}.`,
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
  needs: ['resources', 'services'],
  explains: causedByClosedGateway,
  run: whereAllFail(
    passes,
    ({ port }, cluster) => {
      const gateways = eastWestGateways(cluster);
      return gateways.length === 0 || gateways.some((gateway) => listensFor(gateway, port));
    },
    (server, cluster) => ({
      evidence: [
        {
          what: 'port',
          seen: server.port ?? 'none',
          expected: eastWestGateways(cluster)[0]?.port ?? 15443,
        },
      ],
      cause: `The Gateway ${keyOf(server.resource)} of ${cluster.name} uses port ${server.port}, but other clusters call port ${eastWestGateways(cluster)[0]?.port}.`,
    }),
  ),
};

function listensFor(
  { service, port }: ReturnType<typeof eastWestGateways>[number],
  asked: number | undefined,
): boolean {
  const entry = service.ports.find((one) => one.port === port);
  return asked === port || (entry !== undefined && asked === entry.targetPort);
}

export const crossNetworkGatenetworkPathChecks = [noGateway, wrongMode, wrongSelector, wrongHosts, wrongPort];
