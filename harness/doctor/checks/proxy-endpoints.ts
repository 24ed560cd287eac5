import type { ProxyRecord, ShardRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers, destinationRules, serviceOfHost } from '../destination-rules.ts';
import { leftOutByWeights } from '../distribution.ts';
import { callingClusters } from '../facts/callers.ts';
import { nameOfLocality, parseLocality, proxyLocalities } from '../facts/localities.ts';
import { scopeOf } from '../facts/service-scope.ts';
import { isSettling } from '../facts/settling.ts';
import { domainOf } from '../dns-domain.ts';
import { firstFew } from '../format-values.ts';
import type { MeshView } from '../mesh-view.ts';
import { modesByPort } from '../peer-authentication.ts';
import { isChanging } from '../recent-changes.ts';
import { separately } from '../unread.ts';

/** Up to this number of services, each has its own finding, so that the fault of a service can explain it. */
const mostByThemselves = 10;

const clientsWithoutRemote: Check = {
  code: 'MP3602',
  title: 'Client proxies do not have an endpoint in another network',
  severity: 'error',
  explanation:
    'istiod has endpoints of the service in another network and knows the gateway, but proxies do not have the gateway as an endpoint. TLS settings or a rule hide it. If an istiod or a proxy started in the last minute, the finding is an info: look again later.',
  remedy:
    'istioctl --context <cluster> proxy-config endpoints <client pod>.<its namespace> --cluster "outbound|<port>||<service>"',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/multicluster/#step-by-step-diagnosis',
  needs: ['istiods', 'proxies', 'services', 'pods', 'nodes', 'resources', 'installs', 'workloads'],
  run: function* (view) {
    const staysLocal = hostsWithoutRemoteEndpoints(view);
    const shardsOf = shardsByCluster();
    const inputOf = keptForLast((cluster, plane) => ({
      gateways: gatewaysByNetwork(plane, view.declaredNetwork(cluster.name)),
      leftOut: leftOutByWeights(view, plane),
      plain: plainParts(view, plane),
      localityOf: localityNames(cluster),
      scope: scopeOf(view, plane),
    }));
    yield* separately(pairsOf(view), function* ({ cluster, plane, read }) {
      const [own, wanted] = [view.declaredNetwork(cluster.name), view.declaredNetwork(read)];
      if (wanted === undefined || own === wanted || plane.istiods.length === 0) return;
      const { gateways, leftOut, plain, localityOf, scope } = inputOf(cluster, plane);
      const held = new Map(
        shardsOf(plane, read)
          .filter((one) => one.mtls > 0 && one.addresses.length > one.unhealthy)
          .map(({ host, localities, networks }) => ({
            ...{ host, localities },
            addresses: networks.flatMap((one) => gateways.get(one) ?? []),
          }))
          // Other endpoints are called directly, or their network does not have a gateway.
          .filter(({ addresses }) => addresses.length > 0)
          .map((one) => [one.host, one]),
      );
      if (held.size === 0) return;
      const isPlain = plainPorts(plain, () => view.answered(read));
      const without = new Map<string, Lack[]>();
      for (const proxy of cluster.seen('proxies'))
        if (proxy.type === 'sidecar')
          for (const { name, host, port, subset, endpoints } of proxy.upstreams)
            if (
              subset === '' &&
              held.has(host) &&
              !staysLocal.has(host) &&
              !endpoints.some(({ address }) => held.get(host)?.addresses.includes(address)) &&
              scope(host, read) === undefined &&
              !isPlain(host, port) &&
              !leftOut(host, port, () => localityOf(proxy), held.get(host)?.localities ?? [])
            )
              without.set(host, [...(without.get(host) ?? []), { proxy, name, others: endpoints.length }]);
      if (without.size > 0) yield* sightingsOf(view, { cluster, plane, read }, without);
    });
  },
};

/** The addresses of the gateways that istiods of a cluster know, by network, except those of its own network. Throws NotRead. */
const gatewaysByNetwork = (plane: ClusterView, own: string | undefined): Map<string, string[]> => {
  const others = plane.pages('networks').flatMap((all) => all.filter(({ network }) => network !== own));
  const byNetwork = Map.groupBy(others, ({ network }) => network);
  return new Map([...byNetwork].map(([network, all]) => [network, all.map(({ address }) => address)]));
};

/** A cluster with callers, the cluster of their istiods, and the name of a cluster whose services they call. */
interface Pair {
  cluster: ClusterView;
  plane: ClusterView;
  read: string;
}

/** Each cluster with callers, with every other cluster of the mesh that has workloads. The other cluster need not have answered. */
function pairsOf(view: MeshView): Pair[] {
  const bare = new Set(
    view.snapshot.declared.clusters.filter(({ role }) => role === 'external').map(({ name }) => name),
  );
  const names = view.clusterNames.filter((name) => !bare.has(name));
  return callingClusters(view).flatMap(({ cluster, plane }) =>
    names.filter((name) => name !== cluster.name).map((read) => ({ cluster, plane, read })),
  );
}

/** A proxy without an endpoint of a service in another network. */
interface Lack {
  proxy: ProxyRecord;
  /** Envoy's name of the service. */
  name: string;
  /** The number of endpoints that it has. */
  others: number;
}

/** The findings of a pair, by service: an info if the proxies may get the endpoints within a minute. Throws NotRead. */
function* sightingsOf(
  view: MeshView,
  { cluster, plane, read }: Pair,
  without: ReadonlyMap<string, readonly Lack[]>,
): Iterable<Sighting> {
  // A Service in any cluster can keep a host local, so all clusters must have been read.
  for (const one of view.everyCluster()) void one.services;
  const target = view.answered(read);
  const isSettlingFor = ([host, lacks]: readonly [string, readonly Lack[]]) => {
    const service = target.service(serviceOfHost(host) ?? '');
    return (
      (service !== undefined && isChanging(view, target, service)) ||
      lacks.every(({ proxy }) => isSettling(view, plane, cluster, proxy))
    );
  };
  const groups = Map.groupBy(without, isSettlingFor);
  for (const [settling, all] of groups)
    for (const some of all.length > mostByThemselves ? [all] : all.map((one) => [one])) {
      const found = sightingOf(cluster, read, some);
      if (found && settling)
        yield { ...found, severity: 'info', cause: `${found.cause} They started or changed a moment ago.` };
      else if (found) yield found;
    }
}

/** The finding of services whose endpoints in another cluster proxies do not have. */
function sightingOf(
  cluster: ClusterView,
  read: string,
  services: readonly (readonly [string, readonly Lack[]])[],
): Sighting | undefined {
  const [[host, [first]] = ['', []]] = services;
  if (!first) return undefined;
  const lacks = services.flatMap(([, some]) => some);
  const key = serviceOfHost(host) ?? host;
  return {
    cluster: cluster.name,
    peer: read,
    object: `Service ${key}`,
    subject: services.map(([name]) => serviceOfHost(name) ?? name),
    evidence: [
      { what: `services of ${read} without an endpoint in proxies`, seen: services.length, expected: 0 },
      {
        what: `proxies of ${cluster.name} without it`,
        seen: new Set(lacks.map(({ proxy }) => keyOf({ ...proxy, name: proxy.pod }))).size,
        expected: 0,
      },
      {
        what: 'fewest endpoints that such a proxy has',
        seen: Math.min(...lacks.map(({ others }) => others)),
      },
    ],
    cause: `Proxies of ${cluster.name} do not have an endpoint in ${read} for ${firstFew(services.map(([name]) => name))}.`,
    remedy: `istioctl --context <cluster> proxy-config endpoints ${first.proxy.pod}.${first.proxy.namespace} --cluster "${first.name}"`,
  };
}

/** Keeps the value of the last cluster only: pairs are ordered by the cluster with the callers, and values may be large. */
function keptForLast<T>(
  make: (cluster: ClusterView, plane: ClusterView) => T,
): (cluster: ClusterView, plane: ClusterView) => T {
  let last: { cluster: ClusterView; made: T } | undefined;
  return (cluster, plane) => {
    if (last?.cluster !== cluster) last = { cluster, made: make(cluster, plane) };
    return last.made;
  };
}

/** The ports to which rules of a cluster send plain text. */
const plainParts = (view: MeshView, cluster: ClusterView) =>
  destinationRules(view, cluster).flatMap(({ host, parts }) =>
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

/** The locality of a proxy as in rules. */
function localityNames(cluster: ClusterView): (proxy: ProxyRecord) => string {
  const localityOf = proxyLocalities(cluster);
  return (proxy) => nameOfLocality(localityOf(proxy) ?? parseLocality(''));
}

/**
 * Hosts for which a proxy does not get endpoints in other networks by design: headless Services, ExternalNames, and Services with
 * internalTrafficPolicy Local.
 */
function hostsWithoutRemoteEndpoints(view: MeshView): Set<string> {
  const domain = domainOf(view);
  return new Set(
    view.clusters.flatMap((cluster) =>
      cluster
        .seen('services')
        .filter(
          ({ headless, type, internalTrafficPolicy }) =>
            headless || type === 'ExternalName' || internalTrafficPolicy === 'Local',
        )
        .map(({ name, namespace }) => `${name}.${namespace}.svc.${domain}`),
    ),
  );
}

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

export const proxyEndpointChecks = [clientsWithoutRemote];
