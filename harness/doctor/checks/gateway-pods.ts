import type { PodRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf } from '../cluster-view.ts';
import { callerClusters } from '../facts/cross-network-callers.ts';
import { isUsed } from '../facts/network-gateways.ts';
import { firstFew } from '../format-values.ts';
import { callsThrough, type GatewayService } from '../gateways.ts';
import { closed, gatewayNeeds, perGateways } from '../per-gateways.ts';

const isReady = ({ pods }: GatewayService): boolean => pods.some(({ ready }) => ready);

/** The pods that a Service selects, as an option of kubectl. */
const optionOf = (selector: Readonly<Record<string, string>>): string =>
  Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** The Deployment of a pod, as an argument of kubectl: its ReplicaSet has the name of the Deployment and a hash. */
const workloadOf = ({ owner = '' }: PodRecord): string =>
  owner.startsWith('ReplicaSet/')
    ? `deployment/${owner.slice('ReplicaSet/'.length).replace(/-[^-]+$/, '')}`
    : owner.toLowerCase();

const noPods: Check = {
  code: 'MP3205',
  title: 'The east-west gateway does not have a ready pod',
  severity: 'error',
  explanation:
    'The gateway has an address but not a ready pod: its Deployment has 0 replicas, its pods do not start, or its Service selects other pods. istiod sends other networks the address all the same. Calls through it are refused or time out, until failover takes effect if it is configured. If a network has several gateways, each gets its share of the calls.',
  remedy: 'kubectl --context <cluster> -n <namespace> get deployment,pods -l istio=eastwestgateway',
  reference:
    'https://istio.io/latest/docs/setup/install/multicluster/multi-primary_multi-network/#install-the-east-west-gateway-in-cluster1',
  needs: gatewayNeeds,
  explains: closed,
  run: perGateways(function* ({ cluster, view, gateways }) {
    const used = gateways.filter(isUsed);
    // Without a Service that istiod uses, the first gateway may have another address, such as that of a load balancer outside.
    for (const gateway of used.length > 0 ? used : gateways.slice(0, 1)) {
      const { key, service, pods, network } = gateway;
      // A Service without a selector has endpoints of its own.
      if (Object.keys(service.selector).length === 0 || isReady(gateway)) continue;
      const same = used.filter((one) => one.network === network);
      const working = same.filter((one) => Object.keys(one.service.selector).length === 0 || isReady(one));
      const callers = callerClusters(view, cluster).map(({ name }) => name);
      const share = working.length === 0 ? 'calls' : 'a share of the calls';
      yield {
        severity: callers.length > 0 ? 'error' : 'warning',
        object: `Service ${key}`,
        subject: key,
        covers: [callsThrough(key)],
        evidence: [
          { what: 'pods that are ready', seen: 0, expected: Math.max(1, pods.length) },
          { what: 'selector', seen: JSON.stringify(service.selector) },
          {
            what: `gateways of ${network ?? 'the network'} with a ready pod`,
            seen: working.length,
            expected: Math.max(1, same.length),
          },
        ],
        cause: `${pods.length === 0 ? `The gateway ${key} of ${cluster.name} does not have a pod` : `0 of the ${pods.length} pods of the gateway ${key} of ${cluster.name} are ready`}${callers.length > 0 ? `, so ${share} from ${firstFew(callers)} to ${cluster.name} fail` : ''}.`,
        remedy: `kubectl --context <cluster> -n <namespace> get deployment,pods -l '${optionOf(service.selector)}'`,
      };
    }
  }),
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
  needs: gatewayNeeds,
  run: perGateways(function* ({ cluster, gateways, network: own }) {
    for (const { key, network, pods } of gateways) {
      const without = pods.filter(({ proxy }) => proxy && proxy.requestedNetworkView === undefined);
      const [first] = without;
      if (network === undefined || !first) continue;
      yield {
        object: `Pod ${keyOf(first)}`,
        evidence: [
          {
            what: 'gateway pods that ask only for their own network',
            seen: pods.length - without.length,
            expected: pods.length,
          },
        ],
        cause: `${without.length} pods of the gateway ${key} of ${cluster.name} get the endpoints of all networks.`,
        remedy: `kubectl --context <cluster> -n <namespace> set env ${workloadOf(first)} ISTIO_META_REQUESTED_NETWORK_VIEW=${own}`,
      };
    }
  }),
};

export const gatewayPodChecks = [noPods, allNetworks];
