import type { ProbeRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { serviceOfHost } from '../destination-rules.ts';
import { clusterSetDomain } from '../dns-domain.ts';
import { gatewayAt } from '../facts/network-gateways.ts';
import { probesOf } from '../facts/probes.ts';
import { sameRoot, topOf } from '../facts/chains.ts';
import { firstFew } from '../format-values.ts';
import { callsThrough } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';
import { connectionResults, firewall } from '../remedies.ts';
import { rootsOf } from '../trust.ts';
import { separately } from '../unread.ts';

/** The probes of gateways from a cluster, by the cluster and the address that they connect to. */
const gatewayProbes = (
  view: MeshView,
  cluster: ClusterView,
): { to: string; at: string; probes: ProbeRecord[] }[] =>
  [...probesOf(view, cluster, 'eastWestGateway')].flatMap(([to, all]) =>
    [...Map.groupBy(all, ({ address, port }) => `${address}:${port}`)].map(([at, probes]) => ({
      to,
      at,
      probes,
    })),
  );

/** Whether the istiods of a cluster send proxies to an address. */
const isSentTo = (cluster: ClusterView, probe: ProbeRecord): boolean =>
  cluster
    .seen('istiods')
    .some(({ networks = [] }) =>
      networks.some(({ address, port }) => address === probe.address && port === probe.port),
    );

const gatewayBlocked: Check = {
  code: 'MP3401',
  title: 'A cluster cannot reach the east-west gateway of another',
  severity: 'error',
  explanation:
    'A TCP connection to the gateway failed. meshproof tried it from inside the cluster. "No answer" means that a firewall, a security group or a route drops packets. "Refused" means that nothing listens on the port. Each address is judged by itself, because proxies send a share of the calls to each.',
  remedy:
    'kubectl --context <cluster> -n <namespace> exec <pod> -c istio-proxy -- bash -c "exec 3<>/dev/tcp/<address>/<port> && echo open"',
  reference: firewall,
  needs: ['probes', 'istiods', 'services', 'installs'],
  run: perCluster(function* (cluster, view) {
    const all = gatewayProbes(view, cluster);
    for (const { to, at, probes } of all) {
      const [first] = probes;
      if (!first || probes.some(({ tcp }) => tcp === 'connected')) continue;
      const same = all.filter((one) => one.to === to);
      const answering = same.filter((one) => one.probes.some(({ tcp }) => tcp === 'connected'));
      // Proxies may have another address, which answers.
      const isOnly = answering.length === 0 && cluster.complete('probes');
      yield {
        severity: isOnly || isSentTo(cluster, first) ? 'error' : 'warning',
        ...(to === '' ? {} : { peer: to }),
        object: at,
        ...subjectAt(view, to, first),
        evidence: [
          { what: `TCP from ${first.from}`, seen: connectionResults[first.tcp], expected: 'connected' },
          { what: 'addresses that answer', seen: answering.length, expected: same.length },
        ],
        cause: `The east-west gateway of ${to || 'another network'} (${at}) ${first.tcp === 'refused' ? 'refuses' : 'does not answer'} connections from ${cluster.name}.`,
      };
    }
  }),
};

/** The Service of a gateway at an address, as the subject of a finding. */
function subjectAt(view: MeshView, to: string, { address, port }: ProbeRecord): { subject?: string } {
  const gateway = gatewayAt(view, to, address, port);
  return gateway ? { subject: gateway.key } : {};
}

/** The probes of an address whose handshake must give a certificate, split by their result. Throws NotRead. */
function handshakes(view: MeshView, cluster: ClusterView, to: string, probes: readonly ProbeRecord[]) {
  const tried = probes.filter(({ tcp, tls }) => tcp === 'connected' && tls !== 'notTried');
  if (tried.every(({ tls }) => tls === 'completed')) return { failed: [], asked: tried }; // the pages of istiod are not needed
  const asked = tried.filter((one) => one.tls === 'completed' || expectsTls(view, cluster, to, one.sni));
  return { failed: asked.filter(({ tls }) => tls !== 'completed'), asked };
}

const tlsFails: Check = {
  code: 'MP3402',
  title: 'TLS through an east-west gateway fails',
  severity: 'error',
  explanation:
    'TCP to the gateway works, but the TLS handshake for a service ends without a certificate. If it fails for every service that was tried, the gateway may not have a listener for the names: check the mode, hosts and selector of its Gateway. If other services answer, the hosts leave the service out, the gateway does not know an endpoint, or the pods do not use TLS.',
  remedy:
    'openssl s_client -connect <address>:<port> -servername <server name> -alpn istio </dev/null\nistioctl --context <peer> proxy-config listeners deploy/istio-eastwestgateway.istio-system --port 15443',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis',
  needs: ['probes', 'istiods', 'services', 'installs', 'pods', 'resources', 'workloads'],
  run: perCluster(function* (cluster, view) {
    yield* separately(gatewayProbes(view, cluster), function* ({ to, at, probes }) {
      const { failed, asked } = handshakes(view, cluster, to, probes);
      const isWhole = failed.length === asked.length;
      for (const probe of isWhole ? failed.slice(0, 1) : failed) {
        const { sni = 'no name', alert, tls } = probe;
        const service = serviceOfHost(hostOf(sni)) ?? sni;
        yield {
          severity: isWhole && !cluster.complete('probes') ? 'warning' : 'error',
          peer: to,
          object: at,
          subject: (isWhole ? failed : [probe]).map((one) => calledBy(view, to, one)),
          evidence: [
            { what: `TLS for ${sni}`, seen: alert ?? tls, expected: 'a certificate' },
            {
              what: 'services with a certificate',
              seen: asked.length - failed.length,
              expected: asked.length,
            },
          ],
          cause: isWhole
            ? `TLS from ${cluster.name} through the east-west gateway of ${to} failed (${alert ?? tls}) before the server sent a certificate.`
            : `TLS from ${cluster.name} to ${service} through the east-west gateway of ${to} failed (${alert ?? tls}), while other services answer.`,
          remedy: tlsFails.remedy.replace('<server name>', sni),
        };
      }
    });
  }),
};

/** The host of a server name such as `outbound_.80_._.catalog.meshproof.svc.cluster.local`. */
const hostOf = (sni: string): string => sni.split('_.').at(-1) ?? '';

/** The service that a probe calls and the gateway through which it does so, as a subject. */
const calledBy = (view: MeshView, to: string, probe: ProbeRecord): string =>
  callsThrough(
    subjectAt(view, to, probe).subject ?? `${probe.address}:${probe.port}`,
    serviceOfHost(hostOf(probe.sni ?? '')) ?? probe.sni,
  );

/**
 * Whether a handshake for a name must give a certificate: the mesh has an endpoint of the service with a sidecar there, and the Service
 * has the port there. The hosts of Multi-Cluster Services need not be routed. Throws NotRead.
 */
function expectsTls(view: MeshView, cluster: ClusterView, to: string, sni = ''): boolean {
  const [, port, host = ''] = /^outbound_\.(\d+)_\._\.(.+)$/.exec(sni) ?? [];
  // istiod holds endpoints for this host of services that are not exported, too.
  if (host.endsWith(clusterSetDomain)) return false;
  const known = cluster.shards().flatMap(({ shards }) => shards.get(`${host} ${to}`) ?? []);
  if (!known.some(({ mtls }) => mtls > 0)) return false;
  const service = view.answered(to).service(serviceOfHost(host) ?? '');
  return service?.ports.some((one) => `${one.port}` === port) ?? false;
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
  needs: ['probes', 'authorities', 'installs', 'roots', 'istiods', 'services', 'proxies', 'workloads'],
  run: perCluster(function* (cluster, view) {
    for (const { to, probes } of gatewayProbes(view, cluster)) {
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
        ...(first.leaf ? { subject: topOf(view, first.leaf).fingerprint } : {}),
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

export const gatewayConnectionChecks = [gatewayBlocked, tlsFails, foreignCertificate];
