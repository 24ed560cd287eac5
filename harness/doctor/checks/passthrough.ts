import type { NodeRecord, ProxyRecord, ShardRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers, destinationRules, serviceOfHost } from '../destination-rules.ts';
import { leftOutByWeights } from '../distribution.ts';
import { eastWestGateways } from '../gateways.ts';
import { meshServices } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { modesByPort } from '../peer-authentication.ts';
import { perCluster } from '../per-cluster.ts';
import { selects } from '../pod-index.ts';
import { useMutualTls } from '../remedies.ts';
import { labels, list, table, tables, text } from '../spec-reader.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const breaksPassthrough: Check = {
  code: 'MP3601',
  title: 'A DestinationRule turns off the mutual TLS that gateways need',
  severity: 'error',
  explanation:
    'Calls to another network need mutual TLS, because the east-west gateway routes by the SNI. With TLS mode DISABLE, SIMPLE or MUTUAL, istiod silently drops endpoints on other networks, and calls stay local or fail. For a single port or subset, the finding is a warning, because plain text may be intended there.',
  remedy: useMutualTls,
  reference: 'https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/',
  needs: ['resources', 'services', 'pods'],
  explains: { subject: ['MP4207', 'MP5203'], 'source and subject': ['MP3602'] },
  run: function* (view) {
    if (!view.multiNetwork) return;
    const services = meshServices(view);
    yield* separately(view.clusters, function* (cluster) {
      for (const rule of destinationRules(cluster)) {
        const off = rule.parts.filter(({ tls }) => tls !== undefined && tls !== '' && tls !== 'ISTIO_MUTUAL');
        const hit = off.length > 0 ? services.filter(({ fqdn }) => covers(rule.host, fqdn)) : [];
        if (hit.length === 0) continue;
        // Plain text to one port may be intended, such as a port for metrics that a PeerAuthentication opens.
        const whole = off.find(({ subset, port }) => subset === undefined && port === undefined);
        const part = whole ?? off[0];
        yield {
          ...(whole ? {} : { severity: 'warning' }),
          cluster: cluster.name,
          object: `DestinationRule ${keyOf(rule)}`,
          subject: keyOf(rule),
          covers: [rule.host],
          evidence: [
            {
              what: `tls.mode of ${part?.where}`,
              seen: part?.tls ?? '',
              expected: 'ISTIO_MUTUAL, or none',
            },
            { what: 'services of the mesh that it covers', seen: hit.length, expected: 0 },
          ],
          cause: `The DestinationRule ${keyOf(rule)} of ${cluster.name} turns mutual TLS off for ${firstFew(hit.map(({ key }) => key))}${whole ? '' : ` (${part?.where})`}, so callers cannot reach other networks${whole ? '' : ' there'}.`,
        };
      }
    });
  },
};

const clientsWithoutRemote: Check = {
  code: 'MP3602',
  title: 'Client proxies do not have an endpoint in another network',
  severity: 'error',
  explanation:
    'istiod has endpoints of the service in another network and knows the gateway, but proxies do not have the gateway as an endpoint. TLS settings, a Sidecar resource or an exportTo hide it.',
  remedy:
    'istioctl --context <cluster> proxy-config endpoints <client pod>.<its namespace> --cluster "outbound|<port>||<service>"',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis',
  needs: ['istiods', 'proxies', 'services', 'pods', 'nodes', 'resources', 'installs'],
  run: function* (view) {
    const staysLocal = hostsWithoutRemoteEndpoints(view);
    const shardsOf = shardsByCluster();
    const rulesOf = keptForLast((reader) => ({
      leftOut: leftOutByWeights(view, reader),
      plain: plainParts(reader),
      localityOf: proxyLocalities(reader),
    }));
    yield* separately(view.pairs(), function* ({ reader, read }) {
      const [own, wanted] = [view.declaredNetwork(reader.name), view.declaredNetwork(read)];
      if (wanted === undefined || own === wanted || reader.istiods.length === 0) return;
      const without = new Map<string, number>();
      const gateways = new Set(
        reader
          .pages('networks')
          .flatMap((networks) =>
            networks.filter(({ network }) => network === wanted).map(({ address }) => address),
          ),
      );
      const held = new Map(
        shardsOf(reader, read)
          .filter((one) => one.mtls > 0 && one.addresses.length > one.unhealthy)
          .map(({ host, localities }) => [host, localities]),
      );
      if (gateways.size === 0 || held.size === 0) return;
      const { leftOut, plain, localityOf } = rulesOf(reader);
      const isPlain = plainPorts(plain, () => view.answered(read));
      for (const proxy of reader.seen('proxies'))
        if (proxy.type === 'sidecar')
          for (const { host, port, subset, endpoints } of proxy.upstreams)
            if (
              subset === '' &&
              held.has(host) &&
              !staysLocal.has(host) &&
              !clusterLocal(reader, host) &&
              !endpoints.some(({ address }) => gateways.has(address)) &&
              !isPlain(host, port) &&
              !leftOut(host, port, () => localityOf(proxy), held.get(host) ?? [])
            )
              without.set(host, (without.get(host) ?? 0) + 1);
      // A Service in any cluster can keep a host local, so all clusters must have been read.
      if (without.size > 0) view.everyCluster().forEach((cluster) => cluster.services);
      if (without.size > 0)
        yield {
          cluster: reader.name,
          peer: read,
          object: `Service ${[...without.keys()][0]}`,
          subject: [...without.keys()],
          evidence: [
            { what: `services of ${read} without an endpoint in proxies`, seen: without.size, expected: 0 },
          ],
          cause: `Proxies of ${reader.name} do not have an endpoint in ${read} for ${firstFew([...without.keys()])}.`,
        };
    });
  },
};

/** Keeps the value of the last cluster only: pairs are ordered by reader, and values may be large. */
function keptForLast<T>(make: (cluster: ClusterView) => T): (cluster: ClusterView) => T {
  let last: { cluster: ClusterView; made: T } | undefined;
  return (cluster) => {
    if (last?.cluster !== cluster) last = { cluster, made: make(cluster) };
    return last.made;
  };
}

/** The ports to which rules of a cluster send plain text. */
const plainParts = (cluster: ClusterView) =>
  destinationRules(cluster).flatMap(({ host, parts }) =>
    parts.flatMap(({ subset, port, tls }) =>
      subset === undefined && port !== undefined && tls === 'DISABLE' ? [{ host, port }] : [],
    ),
  );

/** Whether a host of another cluster is called in plain text on purpose: a rule sends it, and the policies of all pods accept it. */
function plainPorts(
  parts: readonly { host: string; port: number }[],
  readable: () => ClusterView,
): (host: string, port: number) => boolean {
  if (parts.length === 0) return () => false;
  const read = readable();
  const modeAt = modesByPort(read);
  return (host, wanted) => {
    const service = read.service(serviceOfHost(host) ?? '');
    const port = service?.ports.find((one) => one.port === wanted);
    if (!service || !port || !parts.some((one) => one.port === wanted && covers(one.host, host)))
      return false;
    return read.podsOf(service).every((pod) => !pod.sidecar || modeAt(pod, port) === 'DISABLE');
  };
}

/** The locality of a proxy as istiod determines it: the locality that the proxy reports, or else the locality of its node. */
function proxyLocalities(cluster: ClusterView): (proxy: ProxyRecord) => string {
  let byPod: Map<string, NodeRecord | undefined> | undefined;
  const readNodes = () => {
    const nodes = new Map(cluster.whole('nodes').map((node) => [node.name, node]));
    return new Map(cluster.whole('pods').map((pod) => [keyOf(pod), nodes.get(pod.node)]));
  };
  return ({ namespace, pod, nodeLocality }) =>
    nameOf(nodeLocality ?? (byPod ??= readNodes()).get(`${namespace}/${pod}`));
}

/** A locality as in rules. */
const nameOf = (at?: { region: string; zone: string; subzone: string }): string =>
  at ? `${at.region}/${at.zone}/${at.subzone}` : '';

/**
 * Hosts for which a proxy does not get endpoints in other networks by design: headless Services, ExternalNames, and Services with
 * internalTrafficPolicy Local.
 */
const hostsWithoutRemoteEndpoints = (view: MeshView): Set<string> =>
  new Set(
    view.clusters.flatMap((cluster) =>
      cluster
        .seen('services')
        .filter(
          ({ headless, type, internalTrafficPolicy }) =>
            headless || type === 'ExternalName' || internalTrafficPolicy === 'Local',
        )
        .map(({ name, namespace }) => `${name}.${namespace}.svc.cluster.local`),
    ),
  );

/** The shards of another cluster in an istiod; grouped once for each reader, as there may be many. */
function shardsByCluster(): (reader: ClusterView, of: string) => readonly ShardRecord[] {
  const grouped = new Map<ClusterView, Map<string, ShardRecord[]>>();
  return (reader, of) => {
    let own = grouped.get(reader);
    if (!own) {
      const shards = reader.seen('istiods').find((one) => one.shards)?.shards ?? [];
      grouped.set(reader, (own = Map.groupBy(shards, ({ cluster }) => cluster)));
    }
    return own.get(of) ?? [];
  };
}

/** Services that the mesh settings keep inside their cluster. */
const clusterLocal = (cluster: ClusterView, host: string): boolean =>
  (cluster.settings?.clusterLocalHosts ?? []).some((one) => covers(one, host)) ||
  host.includes('.kube-system.');

const networkPolicy: Check = {
  code: 'MP3701',
  title: 'A NetworkPolicy blocks the east-west gateway',
  severity: 'warning',
  explanation:
    'A NetworkPolicy selects the pods of the gateway and does not allow traffic from outside the cluster on its port. If the network plug-in enforces policies, other clusters do not get an answer.',
  remedy:
    'kubectl --context <cluster> -n <namespace> edit networkpolicy <name>   # allow TCP 15443 from anywhere',
  reference: 'https://kubernetes.io/docs/concepts/services-networking/network-policies/',
  needs: ['resources', 'pods', 'services'],
  explains: { target: ['MP3401'] },
  run: perCluster(function* (cluster) {
    const policies = cluster.resources('NetworkPolicy');
    for (const { service, port, pods } of policies.length > 0 ? eastWestGateways(cluster) : []) {
      const target = service.ports.find((one) => one.port === port)?.targetPort ?? port;
      const own = policies.filter(({ namespace, spec }) => {
        const selector = labels(table(spec['podSelector'])['matchLabels']);
        const types = list(spec['policyTypes']);
        return (
          namespace === service.namespace &&
          (types.length === 0 || types.includes('Ingress')) &&
          pods.some((pod) => selects(selector, pod.labels))
        );
      });
      // Policies add up: it is enough if one of them allows the traffic.
      const first = own[0];
      if (
        !first ||
        own.some(({ spec }) => tables(spec['ingress']).some((rule) => allowsFromAnywhere(rule, target)))
      )
        continue;
      yield {
        object: `NetworkPolicy ${keyOf(first)}`,
        evidence: [{ what: `rules that allow TCP ${target} from anywhere`, seen: 0, expected: 1 }],
        cause: `${own.length} NetworkPolicies of ${cluster.name} select the east-west gateway, but do not allow other networks on port ${target}.`,
      };
    }
  }),
};

function allowsFromAnywhere(rule: Readonly<Record<string, unknown>>, target: number | string): boolean {
  const ports = tables(rule['ports']);
  const from = tables(rule['from']);
  const onPort =
    ports.length === 0 ||
    ports.some(
      ({ port, protocol }) => (port === target || port === undefined) && (text(protocol) ?? 'TCP') === 'TCP',
    );
  return onPort && (from.length === 0 || from.some((peer) => peer['ipBlock'] !== undefined));
}

export const passthroughChecks = [breaksPassthrough, clientsWithoutRemote, networkPolicy];
