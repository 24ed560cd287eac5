import type { ProbeRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { eastWestGateways, gatewayListener, hasKubernetesEastWest } from '../gateways.ts';
import { perCluster, perPrimary } from '../per-cluster.ts';
import { rootsOf, sameRoot } from '../trust.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const firewall =
  'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#connectivity-and-firewall-issues';

/** The connections that were tried from a cluster, by their target cluster. */
const probesOf = (cluster: ClusterView, target: ProbeRecord['target']) =>
  Map.groupBy(
    cluster.seen('probes').filter((one) => one.target === target),
    (one) => one.cluster,
  );

const results = {
  connected: 'connected',
  refused: 'refused',
  timeout: 'no answer',
  failed: 'failed',
} as const;

const gatewayBlocked: Check = {
  code: 'MP3401',
  title: 'A cluster cannot reach the east-west gateway of another',
  severity: 'error',
  explanation:
    'A TCP connection to the gateway failed. meshproof tried it from inside the cluster. "No answer" means that a firewall, a security group or a route drops packets. "Refused" means that nothing listens on the port.',
  remedy:
    'kubectl --context <cluster> -n <namespace> exec <pod> -c istio-proxy -- bash -c "exec 3<>/dev/tcp/<address>/<port> && echo open"',
  reference: firewall,
  needs: ['probes'],
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
        subject: gatewayListener,
        evidence: [
          { what: `TCP from ${first.from}`, seen: results[first.tcp], expected: 'connected' },
          { what: 'addresses that answer', seen: probes.length - failed.length, expected: probes.length },
        ],
        cause: `The east-west gateway of ${to} (${first.address}:${first.port}) ${first.tcp === 'refused' ? 'refuses' : 'does not answer'} connections from ${cluster.name}.`,
      };
    }
  }),
};

const tlsFails: Check = {
  code: 'MP3402',
  title: 'TLS through an east-west gateway fails',
  severity: 'error',
  explanation:
    'TCP to the gateway works, but the TLS handshake for a service ends without a certificate. The gateway may not have a listener for the name: check the mode, hosts and selector of its Gateway. Or it does not know an endpoint, or the pod does not use TLS.',
  remedy:
    'openssl s_client -connect <address>:<port> -servername outbound_.80_._.<service>.<its namespace>.svc.cluster.local -alpn istio </dev/null\nistioctl --context <peer> proxy-config listeners deploy/istio-eastwestgateway.istio-system --port 15443',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis',
  needs: ['probes', 'istiods'],
  run: perCluster(function* (cluster) {
    for (const [to, probes] of probesOf(cluster, 'eastWestGateway')) {
      if (probes.every(({ tls }) => tls === 'completed')) continue; // the pages of istiod are not needed
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
        subject: [...new Set(failed.map(({ sni }) => hostOf(sni) ?? 'no name'))],
        evidence: [
          {
            what: `TLS for ${first.sni ?? 'no name'}`,
            seen: first.alert ?? first.tls,
            expected: 'a certificate',
          },
          {
            what: 'handshakes with a certificate',
            seen: tried.length - failed.length,
            expected: tried.length,
          },
        ],
        cause: `TLS from ${cluster.name} through the east-west gateway of ${to} failed (${first.alert ?? first.tls}) before the server sent a certificate.`,
      };
    }
  }),
};

/** The host of an SNI such as `outbound_.80_._.catalog.meshproof.svc.cluster.local`. */
const hostOf = (sni: string | undefined): string | undefined => sni?.split('_.').at(-1);

/** Whether a handshake for a name must give a certificate: gateways route only to services that have an endpoint with a sidecar. */
function expectsTls(cluster: ClusterView, to: string, sni: string | undefined): boolean {
  const host = hostOf(sni);
  const known = cluster.shards().flatMap(({ shards }) => shards.get(`${host} ${to}`) ?? []);
  // A limit may have cut the endpoints of the name.
  if (known.length === 0) return !cluster.istiods.some((istiod) => cluster.isCut(istiod));
  return known.some(({ mtls }) => mtls > 0);
}

const foreignCertificate: Check = {
  code: 'MP3403',
  title: 'The server behind an east-west gateway does not have a certificate of the mesh',
  severity: 'error',
  explanation:
    'The TLS handshake completed, but the certificate does not chain to a root of the cluster. An HTTP load balancer or an inspecting proxy ends TLS on the path, or the address is wrong.',
  remedy:
    'openssl s_client -connect <address>:<port> -servername outbound_.80_._.<service>.<its namespace>.svc.cluster.local -showcerts </dev/null   # look at the issuer',
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
        const trusted = signers.some((one) => roots.some((root) => sameRoot(one, root)));
        return shown.length === 0 || trusted ? [] : [{ probe, leaf: shown[0] }];
      });
      const first = foreign[0];
      if (!first) continue;
      yield {
        peer: to,
        object: `${first.probe.address}:${first.probe.port}`,
        evidence: [
          {
            what: 'issuer of the certificate',
            seen: first.leaf?.issuer ?? '',
            expected: firstFew(roots.map(({ subject }) => subject)),
          },
        ],
        cause: `The server at the gateway of ${to} sends ${cluster.name} a certificate that does not chain to a root of ${to}.`,
      };
    }
  }),
};

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
    for (const [to, probes] of probesOf(cluster, 'apiServer')) {
      const first = probes[0];
      if (!first || probes.some(({ tcp }) => tcp === 'connected')) continue;
      cluster.whole('probes'); // another address of the API server may answer
      yield {
        peer: to,
        object: `${first.address}:${first.port}`,
        evidence: [{ what: `TCP from ${first.from}`, seen: results[first.tcp], expected: 'connected' }],
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
  needs: ['proxies', 'services', 'pods', 'resources'],
  run: perCluster(function* (cluster, view) {
    if (!view.multiNetwork) return;
    if (hasKubernetesEastWest(cluster)) return;
    for (const { service, port, pods, network } of eastWestGateways(cluster)) {
      const target = service.ports.find((one) => one.port === port)?.targetPort;
      const names = new Set(pods.filter(({ ready }) => ready).map(keyOf));
      const envoys = cluster.seen('proxies').filter(({ namespace, pod }) => names.has(`${namespace}/${pod}`));
      const closed = envoys.filter(
        ({ listeners }) => !listeners.some((one) => one.port === port || one.port === target),
      );
      if (network === undefined || closed.length === 0) continue;
      yield {
        object: `Pod ${closed[0]?.namespace}/${closed[0]?.pod}`,
        subject: gatewayListener,
        evidence: [
          {
            what: `gateway pods that listen on ${port}`,
            seen: envoys.length - closed.length,
            expected: envoys.length,
          },
        ],
        cause: `${closed.length} of ${envoys.length} pods of the east-west gateway of ${cluster.name} do not listen on ${port}.`,
      };
    }
  }),
};

export const networkPathChecks = [
  gatewayBlocked,
  tlsFails,
  foreignCertificate,
  apiBlocked,
  gatewayUnknown,
  noListener,
];
