import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { callerClusters } from '../facts/cross-network-callers.ts';
import { isReachedByOtherName } from '../facts/networks.ts';
import { networkGateways } from '../facts/network-gateways.ts';
import { firstFew } from '../format-values.ts';
import { hasGatewayPort, targetPortsOf } from '../gateways.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { connectionResults, firewall } from '../remedies.ts';
import { separately } from '../unread.ts';

/** The connections to API servers that were tried from a cluster, by their target cluster. */
const apiProbes = (cluster: ClusterView) =>
  Map.groupBy(
    cluster.seen('probes').filter(({ target }) => target === 'apiServer'),
    (one) => one.cluster,
  );

const apiBlocked: Check = {
  code: 'MP3404',
  title: 'A cluster cannot reach the API server of another',
  severity: 'error',
  explanation:
    'A TCP connection from the cluster of istiod to the API server in its remote secret failed. istiod keeps the endpoints that it read, so traffic continues. When pods change, calls go to pods that do not exist any more.',
  remedy:
    'kubectl --context <cluster> -n <namespace> exec <pod> -c istio-proxy -- bash -c "exec 3<>/dev/tcp/<address>/<port> && echo open"   # then check the firewall between them',
  reference: firewall,
  needs: ['probes', 'installs'],
  explains: { pair: ['MP2202', 'MP2203', 'MP2204', 'MP2201', 'MP3501'] },
  run: perPrimary(function* (cluster) {
    for (const [to, probes] of apiProbes(cluster)) {
      const first = probes[0];
      if (!first || probes.some(({ tcp }) => tcp === 'connected')) continue;
      cluster.whole('probes'); // another address of the API server may answer
      yield {
        peer: to,
        object: `${first.address}:${first.port}`,
        evidence: [
          { what: `TCP from ${first.from}`, seen: connectionResults[first.tcp], expected: 'connected' },
        ],
        cause: `The API server of ${to} (${first.address}:${first.port}) ${first.tcp === 'refused' ? 'refuses' : 'does not answer'} connections from ${cluster.name}, so its istiod does not see changes in ${to}.`,
      };
    }
  }),
};

const gatewayUnknown: Check = {
  code: 'MP3501',
  title: 'An istiod does not know a gateway to the network of another cluster',
  severity: 'error',
  explanation:
    'Without a gateway, the proxies of this istiod call pods on the other network directly, or do not get endpoints. Either the Service of the gateway lacks its label, port or address, or istiod does not read its cluster.',
  remedy:
    'kubectl --context <cluster> -n istio-system exec deploy/istiod -- pilot-discovery request GET /debug/networkz',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis',
  needs: ['istiods', 'services', 'pods', 'installs', 'resources'],
  run: function* (view) {
    if (!view.multiNetwork) return;
    yield* separately(view.pairs(), function* ({ reader, read }) {
      const [own, wanted] = [view.declaredNetwork(reader.name), view.declaredNetwork(read)];
      if (wanted === undefined || own === wanted) return;
      const target = view.cluster(read);
      const isCalled = target !== undefined && callerClusters(view, target).length > 0;
      // A cluster of clients alone does not need a gateway.
      if (target && !isCalled && target.declared?.eastWestGateway === undefined) return;
      for (const { namespace, pod, networks } of reader.seen('istiods')) {
        if (networks === undefined || networks.some(({ network }) => network === wanted)) continue;
        if (isReachedByOtherName(view, reader, read, networks)) continue;
        yield {
          ...(target && !isCalled ? { severity: 'warning' } : {}),
          cluster: reader.name,
          peer: read,
          object: `Pod ${namespace}/${pod}`,
          evidence: [
            {
              what: 'networks in /debug/networkz',
              seen: firstFew([...new Set(networks.map(({ network }) => network))]) || 'none',
              expected: wanted,
            },
          ],
          cause: `istiod ${pod} of ${reader.name} does not know a gateway to ${wanted}, the network of ${read}.`,
        };
      }
    });
  },
};

const noListener: Check = {
  code: 'MP3502',
  title: 'The east-west gateway does not listen for other networks',
  severity: 'error',
  explanation:
    'The Envoy of the gateway does not listen on the port for other networks. Either a Gateway with AUTO_PASSTHROUGH does not select it, or istiod did not send the configuration.',
  remedy: 'istioctl --context <cluster> proxy-config listeners <pod>.<namespace>',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['proxies', 'services', 'pods', 'istiods', 'installs'],
  run: perCluster(function* (cluster, view) {
    if (!view.multiNetwork) return;
    for (const gateway of networkGateways(view, cluster)) {
      const { key, port, pods, network } = gateway;
      const ports = [port, ...targetPortsOf(gateway)];
      const names = new Set(pods.filter(({ ready }) => ready).map(keyOf));
      const envoys = cluster.seen('proxies').filter(({ namespace, pod }) => names.has(`${namespace}/${pod}`));
      const closed = envoys.filter(({ listeners }) => !listeners.some((one) => ports.includes(one.port)));
      if (network === undefined || closed.length === 0 || !hasGatewayPort(gateway)) continue;
      yield {
        object: `Pod ${closed[0]?.namespace}/${closed[0]?.pod}`,
        subject: key,
        evidence: [
          {
            what: `gateway pods that listen on ${port}`,
            seen: envoys.length - closed.length,
            expected: envoys.length,
          },
        ],
        cause: `${closed.length} of ${envoys.length} pods of the gateway ${key} of ${cluster.name} do not listen on ${port}.`,
      };
    }
  }),
};

export const networkPathChecks = [apiBlocked, gatewayUnknown, noListener];
