import { isIP } from 'node:net';
import type { Check, Sighting } from '../check.ts';
import { keyOf, networkLabel, type ClusterView } from '../cluster-view.ts';
import { eastWestGateways, hasKubernetesEastWest, type GatewayService } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { perDataPlane } from '../per-cluster.ts';
import { fromReadable } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const reference =
  'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#install-the-east-west-gateway-in-cluster1';

const label =
  'kubectl --context <cluster> -n <namespace> label service <name> topology.istio.io/network=<network> --overwrite';

const labelFor = (view: MeshView, { name }: ClusterView): string =>
  label.replace('<network>', view.declaredNetwork(name) ?? '<network>');

/** The findings in other clusters about a gateway that cannot be called. */
const closed = { target: ['MP3501', 'MP3401', 'MP3402'] };
/** The findings about a gateway that only istiod does not know. */
const unknown = { target: ['MP3501'] };

/** Judges every cluster that other networks have to reach, with its gateways. In a mesh of one network, judges nothing. */
const perGateways = (
  judge: (cluster: ClusterView, gateways: GatewayService[], view: MeshView) => Iterable<Sighting>,
): Check['run'] =>
  perDataPlane(function* (cluster, view) {
    if (view.multiNetwork && !hasKubernetesEastWest(cluster))
      yield* judge(cluster, eastWestGateways(cluster), view);
  });

/** Reports the first gateway of a cluster if all its gateways fail. */
const whereAllFail = (
  good: (gateway: GatewayService, cluster: ClusterView, view: MeshView) => boolean,
  describe: (
    gateway: GatewayService,
    cluster: ClusterView,
    view: MeshView,
  ) => Pick<Sighting, 'evidence' | 'cause' | 'remedy'>,
): Check['run'] =>
  perGateways(function* (cluster, gateways, view) {
    const first = gateways[0];
    if (!first || gateways.some((one) => good(one, cluster, view))) return;
    yield { object: `Service ${keyOf(first.service)}`, ...describe(first, cluster, view) };
  });

const noGateway: Check = {
  code: 'MP3201',
  title: 'A cluster does not have an east-west gateway',
  severity: 'error',
  explanation:
    'Pods on other networks cannot be reached directly. Without an east-west gateway, istiod does not have a path to this cluster. It drops the endpoints of the cluster, or proxies send to addresses that they cannot reach.',
  remedy:
    'samples/multicluster/gen-eastwest-gateway.sh --network <network> | istioctl --context <cluster> install -y -f -',
  reference,
  needs: ['services', 'resources'],
  explains: closed,
  run: perGateways(function* (cluster, gateways, view) {
    if (gateways.length === 0 && !view.reachedByNeighbour(cluster))
      yield {
        object: 'Service istio-eastwestgateway',
        evidence: [{ what: `Services with the label ${networkLabel}`, seen: 0, expected: 1 }],
        cause: `${cluster.name} does not have an east-west gateway, and neither does another cluster of its network.`,
      };
  }),
};

const noLabel: Check = {
  code: 'MP3202',
  title: 'The Service of the east-west gateway does not have a network label',
  severity: 'error',
  explanation:
    'istiod finds the gateway of a network by the label topology.istio.io/network of its Service. Without the label the gateway runs, but proxies do not use it.',
  remedy: label,
  reference: 'https://github.com/istio/istio/issues/54909',
  needs: ['services', 'resources'],
  explains: unknown,
  run: whereAllFail(
    ({ network }) => network !== undefined,
    ({ service }, cluster, view) => ({
      evidence: [
        {
          what: `label ${networkLabel}`,
          seen: 'none',
          expected: view.declaredNetwork(cluster.name) ?? 'a network',
        },
      ],
      cause: `The Service ${keyOf(service)} of ${cluster.name} does not have a network label, so istiod does not use it as a gateway.`,
      remedy: labelFor(view, cluster),
    }),
  ),
};

const otherNetwork: Check = {
  code: 'MP3207',
  title: 'The east-west gateway has the label of another network than its cluster',
  severity: 'error',
  explanation:
    'Other clusters look for the gateway of the network of the pods. With the label of another network, proxies use the gateway for the pods of that network, which it cannot reach, and not for its own pods.',
  remedy: label,
  reference: 'https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork',
  needs: ['services', 'resources'],
  explains: unknown,
  run: whereAllFail(
    ({ network }, cluster, view) =>
      network === undefined || network === (view.declaredNetwork(cluster.name) ?? network),
    ({ service, network }, cluster, view) => ({
      evidence: [
        {
          what: `label ${networkLabel}`,
          seen: network ?? '',
          expected: view.declaredNetwork(cluster.name) ?? '',
        },
      ],
      cause: `The gateway ${keyOf(service)} of ${cluster.name} has the label of the network ${network}.`,
      remedy: labelFor(view, cluster),
    }),
  ),
};

const noAddress: Check = {
  code: 'MP3203',
  title: 'The Service of the east-west gateway does not have an external address',
  severity: 'error',
  explanation:
    'istiod sends proxies of other networks the addresses in status.loadBalancer.ingress or externalIPs of the Service of the gateway. Without an address, other networks cannot reach the cluster. The usual reason is that a load balancer did not accept the Service.',
  remedy: 'kubectl --context <cluster> -n <namespace> describe service <name>   # Events show the reason',
  reference,
  needs: ['services', 'resources'],
  explains: closed,
  run: whereAllFail(
    // With a node port, istiod uses the addresses of the nodes that an annotation selects.
    ({ service }) => service.external.length > 0 || service.type === 'NodePort',
    ({ service }, cluster) => ({
      evidence: [
        { what: 'external addresses', seen: 0, expected: 1 },
        { what: 'type', seen: service.type, expected: 'LoadBalancer' },
      ],
      cause: `The Service ${keyOf(service)} of ${cluster.name} does not have an address that other networks can reach.`,
    }),
  ),
};

const noPort: Check = {
  code: 'MP3204',
  title: 'The Service of the east-west gateway lacks the port for other networks',
  severity: 'error',
  explanation:
    'istiod uses port 15443 of the gateway, or the port in networking.istio.io/gatewayPort. If the Service does not have this port, istiod logs a warning and does not use the Service as a gateway.',
  remedy:
    'kubectl --context <cluster> -n <namespace> patch service <name> --type=json -p \'[{"op":"add","path":"/spec/ports/-","value":{"name":"tls","port":15443,"targetPort":15443}}]\'',
  reference,
  needs: ['services', 'resources'],
  explains: closed,
  run: whereAllFail(
    ({ service, port }) => service.ports.some((one) => one.port === port),
    ({ service, port }, cluster) => ({
      evidence: [
        {
          what: 'ports',
          seen:
            firstFew(
              service.ports.map((one) => `${one.port}`),
              8,
            ) || 'none',
          expected: port,
        },
      ],
      cause: `The Service ${keyOf(service)} of ${cluster.name} does not have port ${port}.`,
    }),
  ),
};

const noPods: Check = {
  code: 'MP3205',
  title: 'The east-west gateway does not have a ready pod',
  severity: 'error',
  explanation:
    'The gateway has an address but not a ready pod: its Deployment has 0 replicas, its pods do not start, or its Service selects other pods. Calls from other networks are refused or time out, until failover takes effect if it is configured.',
  remedy: 'kubectl --context <cluster> -n <namespace> get deployment,pods -l istio=eastwestgateway',
  reference,
  needs: ['services', 'pods', 'resources'],
  explains: closed,
  run: whereAllFail(
    ({ pods }) => pods.some(({ ready }) => ready),
    ({ service, pods }, cluster) => ({
      evidence: [
        { what: 'pods that are ready', seen: 0, expected: Math.max(1, pods.length) },
        { what: 'selector', seen: JSON.stringify(service.selector) },
      ],
      cause: `0 of the ${pods.length} pods of the gateway ${keyOf(service)} of ${cluster.name} are ready.`,
    }),
  ),
};

const unresolved: Check = {
  code: 'MP3206',
  title: 'The east-west gateway has only a host name, and istiod is configured not to resolve it',
  severity: 'error',
  explanation:
    'Proxies get addresses, not names. istiod resolves a load balancer that has only a host name, as on AWS. If RESOLVE_HOSTNAME_GATEWAYS is false, istiod leaves the gateway out.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.pilot.env.RESOLVE_HOSTNAME_GATEWAYS=true',
  reference: 'https://github.com/istio/istio/issues/29359',
  needs: ['services', 'installs', 'resources'],
  explains: unknown,
  run: (view) => {
    const unwilling = fromReadable(view.primaries, (one) =>
      one.install?.env['RESOLVE_HOSTNAME_GATEWAYS'] === 'false' ? [one] : [],
    );
    const isAddress = (one: string) => isIP(one) !== 0;
    return whereAllFail(
      ({ service }) =>
        unwilling.length === 0 || service.external.length === 0 || service.external.some(isAddress),
      ({ service }, cluster) => ({
        evidence: [{ what: 'addresses', seen: firstFew(service.external), expected: 'an IP address' }],
        cause: `The gateway of ${cluster.name} has the host name ${service.external[0]}, which the istiod of ${firstFew(unwilling.map(({ name }) => name))} does not resolve.`,
      }),
    )(view);
  },
};

const allNetworks: Check = {
  code: 'MP3503',
  title: 'The east-west gateway forwards to other networks',
  severity: 'warning',
  explanation:
    'A gateway with ISTIO_META_REQUESTED_NETWORK_VIEW forwards calls only to endpoints of its own network. Without it, the gateway also sends to the gateways of other networks, which may send back: calls go in circles, and the shares of traffic are wrong.',
  remedy:
    'kubectl --context <cluster> -n istio-system set env deployment/istio-eastwestgateway ISTIO_META_REQUESTED_NETWORK_VIEW=<network>',
  reference: 'https://github.com/istio/istio/issues/40709',
  needs: ['pods', 'services', 'resources'],
  run: perGateways(function* (cluster, gateways) {
    const pods = gateways.filter(({ network }) => network !== undefined).flatMap((gateway) => gateway.pods);
    const without = pods.filter(({ proxy }) => proxy && proxy.requestedNetworkView === undefined);
    if (without.length > 0)
      yield {
        object: `Pod ${keyOf(without[0] as { namespace: string; name: string })}`,
        evidence: [
          {
            what: 'gateway pods that ask only for their own network',
            seen: pods.length - without.length,
            expected: pods.length,
          },
        ],
        cause: `${without.length} gateway pods of ${cluster.name} get the endpoints of all networks.`,
      };
  }),
};

export const gatewayServiceChecks = [
  noGateway,
  noLabel,
  otherNetwork,
  noAddress,
  noPort,
  noPods,
  unresolved,
  allNetworks,
];
