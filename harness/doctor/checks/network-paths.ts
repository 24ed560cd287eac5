import type { ProbeRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { eastWestGateways, hasKubernetesEastWest } from '../gateways.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { rootsOf, sameRoot } from '../trust.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const firewall =
  'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#connectivity-and-firewall-issues';

/** The connections that were tried from a cluster, by the cluster that they led to. */
const probesOf = (cluster: ClusterView, target: ProbeRecord['target']) =>
  Map.groupBy(
    cluster.seen('probes').filter((one) => one.target === target),
    (one) => one.cluster,
  );

const words = { connected: 'connected', refused: 'refused', timeout: 'no answer', failed: 'failed' } as const;

const gatewayBlocked: Check = {
  code: 'MP3401',
  title: 'The east-west gateway of a cluster cannot be reached from another',
  severity: 'error',
  explanation:
    'A TCP connection to the gateway was tried from inside the other cluster, and failed. "No answer" means that packets are dropped on the way: a firewall, a security group, a route. "Refused" means that the address answers, but nothing listens on the port.',
  remedy:
    'kubectl --context <cluster> -n <namespace> exec <pod> -c istio-proxy -- bash -c "exec 3<>/dev/tcp/<gateway address>/15443 && echo open"',
  reference: firewall,
  needs: ['probes'],
  explains: { pair: ['MP3402'] },
  run: perCluster(function* (cluster) {
    for (const [to, probes] of probesOf(cluster, 'eastWestGateway')) {
      const failed = probes.filter(({ tcp }) => tcp !== 'connected');
      const first = failed[0];
      if (!first) continue;
      yield {
        // Other gateways of that cluster answer.
        severity: failed.length < probes.length || !cluster.complete('probes') ? 'warning' : 'error',
        peer: to,
        object: `${first.address}:${first.port}`,
        evidence: [
          { what: `TCP from ${first.from}`, seen: words[first.tcp], expected: 'connected' },
          { what: 'addresses that answer', seen: probes.length - failed.length, expected: probes.length },
        ],
        cause: `The east-west gateway of ${to} (${first.address}:${first.port}) gives ${first.tcp === 'refused' ? 'a refusal' : 'no answer'} to ${cluster.name}.`,
      };
    }
  }),
};

const tlsFails: Check = {
  code: 'MP3402',
  title: 'The east-west gateway of a cluster answers, but TLS through it fails',
  severity: 'error',
  explanation:
    'TCP to the gateway works, and a TLS handshake with the name of a service ends without a certificate. The gateway has no listener for that name (no Gateway, or wrong mode, hosts or selector), knows no endpoint behind it, or the pod behind it does not speak TLS.',
  remedy:
    'openssl s_client -connect <gateway address>:15443 -servername outbound_.80_._.<service>.<namespace>.svc.cluster.local -alpn istio </dev/null\nistioctl --context <cluster> proxy-config listeners deploy/istio-eastwestgateway.istio-system --port 15443',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis',
  needs: ['probes', 'istiods'],
  run: perCluster(function* (cluster) {
    for (const [to, probes] of probesOf(cluster, 'eastWestGateway')) {
      if (probes.every(({ tls }) => tls === 'completed')) continue; // nobody has to look what istiod knows
      const tried = probes.filter(
        ({ tcp, tls, sni }) => tcp === 'connected' && tls !== 'notTried' && expectsTls(cluster, to, sni),
      );
      const failed = tried.filter(({ tls }) => tls !== 'completed');
      const first = failed[0];
      if (!first) continue;
      yield {
        severity: failed.length < tried.length || !cluster.complete('probes') ? 'warning' : 'error',
        peer: to,
        object: `${first.address}:${first.port}`,
        evidence: [
          {
            what: `TLS for ${first.sni ?? 'no name'}`,
            seen: first.alert ?? first.tls,
            expected: 'a certificate',
          },
          {
            what: 'handshakes that showed one',
            seen: tried.length - failed.length,
            expected: tried.length,
          },
        ],
        cause: `TLS from ${cluster.name} through the east-west gateway of ${to} ended (${first.alert ?? first.tls}) before a certificate was shown.`,
      };
    }
  }),
};

/** Whether a certificate is due for a name: gateways know no way to a service of which no endpoint has a sidecar. */
function expectsTls(cluster: ClusterView, to: string, sni: string | undefined): boolean {
  const host = sni?.split('_.').at(-1);
  const known = cluster.shards().flatMap(({ shards }) => shards.get(`${host} ${to}`) ?? []);
  // A limit may have cut the endpoints of the name.
  if (known.length === 0) return !cluster.istiods.some((istiod) => cluster.isCut(istiod));
  return known.some(({ mtls }) => mtls > 0);
}

const tlsEnded: Check = {
  code: 'MP3403',
  title: 'What answers behind the east-west gateway does not show a certificate of the mesh',
  severity: 'error',
  explanation:
    'The handshake was completed, but the certificate does not lead to a root of the cluster behind the gateway. Something on the way ends TLS: a load balancer for HTTP in place of one for TCP, a proxy that inspects traffic; or the address is not the gateway’s.',
  remedy:
    'openssl s_client -connect <gateway address>:15443 -servername outbound_.80_._.<service>.<namespace>.svc.cluster.local -showcerts </dev/null   # who issued this?',
  reference: 'https://github.com/istio/istio.io/pull/17065',
  needs: ['probes', 'authorities', 'installs', 'roots'],
  run: perCluster(function* (cluster, view) {
    for (const [to, probes] of probesOf(cluster, 'eastWestGateway')) {
      const target = view.cluster(to);
      const roots = target ? rootsOf(view, target) : [];
      if (roots.length === 0) continue;
      const foreign = probes.flatMap((probe) => {
        const shown = view.certificatesOf(probe.chain);
        const signers = shown.flatMap((one) => [one, ...view.certificatesOf(one.signedBy)]);
        const leads = signers.some((one) => roots.some((root) => sameRoot(one, root)));
        return shown.length === 0 || leads ? [] : [{ probe, leaf: shown[0] }];
      });
      const first = foreign[0];
      if (!first) continue;
      yield {
        peer: to,
        object: `${first.probe.address}:${first.probe.port}`,
        evidence: [
          {
            what: 'issuer that was shown',
            seen: first.leaf?.issuer ?? '',
            expected: firstFew(roots.map(({ subject }) => subject)),
          },
        ],
        cause: `What answers ${cluster.name} at the gateway of ${to} shows a certificate that no root of ${to} stands behind.`,
      };
    }
  }),
};

const apiBlocked: Check = {
  code: 'MP3404',
  title: 'The API server of a cluster cannot be reached from where another istiod runs',
  severity: 'error',
  explanation:
    'A TCP connection to the API server that the remote secret names was tried from inside the other cluster, and failed. Traffic goes on with the endpoints that were read before, so nothing is noticed until a pod moves: then calls go to pods that are gone.',
  remedy:
    'kubectl --context <cluster> -n <namespace> exec <pod> -c istio-proxy -- bash -c "exec 3<>/dev/tcp/<API server>/6443 && echo open"   # then the firewall between them',
  reference: firewall,
  needs: ['probes', 'installs'],
  explains: { pair: ['MP2202', 'MP2203', 'MP2204', 'MP2201', 'MP3501'] },
  run: perPrimary(function* (cluster) {
    for (const [to, probes] of probesOf(cluster, 'apiServer')) {
      const first = probes[0];
      if (!first || probes.some(({ tcp }) => tcp === 'connected')) continue;
      cluster.whole('probes'); // another address of the API server may answer
      yield {
        peer: to,
        object: `${first.address}:${first.port}`,
        evidence: [{ what: `TCP from ${first.from}`, seen: words[first.tcp], expected: 'connected' }],
        cause: `The API server of ${to} (${first.address}:${first.port}) gives ${first.tcp === 'refused' ? 'a refusal' : 'no answer'} to ${cluster.name}, so its istiod hears of no change there.`,
      };
    }
  }),
};

const gatewayUnknown: Check = {
  code: 'MP3501',
  title: 'An istiod knows no gateway to the network of another cluster',
  severity: 'error',
  explanation:
    'istiod has no gateway for the network that the other cluster is on, so its proxies are told to send to pods there directly, or nothing at all. The gateway’s Service lacks its label, port or address, or the cluster that it stands in is not read.',
  remedy:
    'kubectl --context <cluster> -n istio-system exec deploy/istiod -- pilot-discovery request GET /debug/networkz',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis',
  needs: ['istiods'],
  run: function* (view) {
    if (!view.multiNetwork) return;
    yield* separately(view.pairs(), function* ({ reader, read }) {
      const [own, wanted] = [view.declaredNetwork(reader.name), view.declaredNetwork(read)];
      if (wanted === undefined || own === wanted) return;
      for (const { namespace, pod, networks } of reader.seen('istiods')) {
        if (networks === undefined || networks.some(({ network }) => network === wanted)) continue;
        yield {
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
          cause: `istiod ${pod} of ${reader.name} knows no gateway to ${wanted}, the network of ${read}.`,
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
    'The Envoy of the gateway has no listener on the port for other networks. No Gateway with AUTO_PASSTHROUGH selects it, or it has not been told by its istiod.',
  remedy: 'istioctl --context <cluster> proxy-config listeners deploy/istio-eastwestgateway.istio-system',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['proxies', 'services', 'pods', 'resources'],
  run: perCluster(function* (cluster, view) {
    if (!view.multiNetwork) return;
    if (hasKubernetesEastWest(cluster)) return;
    for (const { service, port, pods, network } of eastWestGateways(cluster)) {
      const target = service.ports.find((one) => one.port === port)?.targetPort;
      const names = new Set(pods.filter(({ ready }) => ready).map(keyOf));
      const envoys = cluster.seen('proxies').filter(({ namespace, pod }) => names.has(`${namespace}/${pod}`));
      const deaf = envoys.filter(
        ({ listeners }) => !listeners.some((one) => one.port === port || one.port === target),
      );
      if (network === undefined || deaf.length === 0) continue;
      yield {
        object: `Pod ${deaf[0]?.namespace}/${deaf[0]?.pod}`,
        evidence: [
          {
            what: `gateway pods that listen on ${port}`,
            seen: envoys.length - deaf.length,
            expected: envoys.length,
          },
        ],
        cause: `${deaf.length} of ${envoys.length} pods of the east-west gateway of ${cluster.name} do not listen on ${port}.`,
      };
    }
  }),
};

export const networkPathChecks = [gatewayBlocked, tlsFails, tlsEnded, apiBlocked, gatewayUnknown, noListener];
