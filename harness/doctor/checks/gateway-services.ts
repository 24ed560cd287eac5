import type { Check, Sighting } from '../check.ts';
import { keyOf, networkLabel, type ClusterView } from '../cluster-view.ts';
import { gatewayNameLabel, type GatewayService } from '../gateways.ts';
import {
  cannotBeCalled,
  effectOf,
  evidenceOf,
  gatewayNeeds,
  networkUnknown,
  perGateways,
  type JudgedGateways,
} from '../per-gateways.ts';
import { text, tables } from '../spec-reader.ts';

const reference =
  'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#install-the-east-west-gateway-in-cluster1';

const noGateway: Check = {
  code: 'MP3201',
  title: 'A cluster does not have an east-west gateway',
  severity: 'error',
  explanation:
    'Pods on other networks cannot be reached directly. Without an east-west gateway, istiod does not have a path to this cluster. It drops the endpoints of the cluster, or proxies send to addresses that they cannot reach. A cluster whose services are not called from other networks does not need a gateway.',
  remedy:
    'samples/multicluster/gen-eastwest-gateway.sh --network <network> | istioctl --context <cluster> install -y -f -',
  reference,
  needs: gatewayNeeds,
  explains: cannotBeCalled,
  run: perGateways(function* (asked) {
    const { cluster, view, gateways, without, network, severity } = asked;
    if (gateways.length > 0 || without.length === 0 || kubernetesGateways(cluster).length > 0) return;
    if (severity !== 'error' && cluster.declared?.eastWestGateway === undefined) return;
    if (view.reachedByNeighbour(cluster)) return;
    yield {
      severity,
      object: 'Service istio-eastwestgateway',
      evidence: [
        { what: `Services with the label ${networkLabel}`, seen: 0, expected: 1 },
        evidenceOf(asked),
      ],
      cause: `${cluster.name} does not have an east-west gateway, and neither does another cluster of its network.`,
      remedy: noGateway.remedy.replace('<network>', network),
    };
  }),
};

const labelWith = (network: string): string =>
  `kubectl --context <cluster> -n <namespace> label service <name> topology.istio.io/network=${network} --overwrite`;

/** The finding about a gateway that istiod does not use because of its network label. */
const mislabelled = (asked: JudgedGateways, first: GatewayService, cause: string): Sighting => ({
  severity: asked.severity,
  object: `Service ${first.key}`,
  subject: first.key,
  evidence: [
    { what: `label ${networkLabel}`, seen: first.network ?? 'none', expected: asked.network },
    evidenceOf(asked),
  ],
  cause,
  remedy: labelWith(asked.network),
});

const noLabel: Check = {
  code: 'MP3202',
  title: 'The Service of the east-west gateway does not have a network label',
  severity: 'error',
  explanation:
    'istiod finds the gateway of a network by the label topology.istio.io/network of its Service, or by meshNetworks. Without either, the gateway runs, but proxies do not use it.',
  remedy: labelWith('<network>'),
  reference: 'https://github.com/istio/istio/issues/54909',
  needs: gatewayNeeds,
  explains: networkUnknown,
  run: perGateways(function* (asked) {
    const { cluster, gateways, without } = asked;
    const [first] = gateways;
    if (!first || without.length === 0 || gateways.some((one) => one.network !== undefined)) return;
    yield mislabelled(
      asked,
      first,
      `The Service ${first.key} of ${cluster.name} does not have a network label, so istiod does not use it as a gateway.`,
    );
  }),
};

const otherNetwork: Check = {
  code: 'MP3207',
  title: 'The east-west gateway has the label of another network than its cluster',
  severity: 'error',
  explanation:
    'Other clusters look for the gateway of the network of the pods. With the label of another network, proxies use the gateway for the pods of that network, which it cannot reach, and not for its own pods.',
  remedy: labelWith('<network>'),
  reference: 'https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork',
  needs: gatewayNeeds,
  explains: networkUnknown,
  run: perGateways(function* (asked) {
    const { cluster, gateways, without, network } = asked;
    const first = gateways.find((one) => one.network !== undefined);
    if (!first || without.length === 0 || gateways.some((one) => one.network === network)) return;
    yield mislabelled(
      asked,
      first,
      `The gateway ${first.key} of ${cluster.name} has the label of the network ${first.network}.`,
    );
  }),
};

/** The Kubernetes Gateways that istiod should deploy as gateways of a network. Throws NotRead. */
const kubernetesGateways = (cluster: ClusterView) =>
  cluster
    .resources('KubernetesGateway')
    .filter(
      ({ labels, spec }) =>
        labels[networkLabel] !== undefined &&
        !['istio-remote', 'istio-waypoint'].includes(text(spec['gatewayClassName']) ?? '') &&
        tables(spec['addresses']).length === 0,
    );

const notDeployed: Check = {
  code: 'MP3212',
  title: 'A Kubernetes Gateway for other networks is not deployed',
  severity: 'error',
  explanation:
    'istiod makes a Deployment and a Service of a Kubernetes Gateway, and uses the Service as the gateway of the network in its label. Without the Service, other networks do not get an address. Usually the class of the Gateway does not exist, or another controller has it.',
  remedy:
    'kubectl --context <cluster> -n <namespace> describe gateways.gateway.networking.k8s.io <name>   # Conditions show the reason\nkubectl --context <cluster> get gatewayclasses',
  reference:
    'https://istio.io/latest/docs/tasks/traffic-management/ingress/gateway-api/#automated-deployment',
  needs: gatewayNeeds,
  explains: cannotBeCalled,
  run: perGateways(function* (asked) {
    const { cluster, network, without, severity } = asked;
    for (const { namespace, name, labels, spec, status } of kubernetesGateways(cluster)) {
      const isDeployed = [...cluster.services.values()].some(
        (one) => one.namespace === namespace && one.labels[gatewayNameLabel] === name,
      );
      if (isDeployed || labels[networkLabel] !== network || without.length === 0) continue;
      const programmed =
        status.find(({ type }) => type === 'Programmed') ?? status.find(({ type }) => type === 'Accepted');
      yield {
        severity,
        object: `Gateway ${keyOf({ namespace, name })}`,
        evidence: [
          { what: 'class', seen: text(spec['gatewayClassName']) ?? 'none' },
          { what: 'Services of the Gateway', seen: 0, expected: 1 },
          {
            what: `condition ${programmed?.type ?? 'Programmed'}`,
            seen: programmed ? `${programmed.status} (${programmed.reason})` : 'none',
            expected: 'True',
          },
          evidenceOf(asked),
        ],
        cause: `The Kubernetes Gateway ${keyOf({ namespace, name })} of ${cluster.name} does not have a Service, ${effectOf(asked)}.`,
      };
    }
  }),
};

export const gatewayServiceChecks = [noGateway, noLabel, otherNetwork, notDeployed];
