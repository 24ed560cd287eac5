import type { ServiceRecord, ShardRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, networkLabel, type ClusterView } from '../cluster-view.ts';
import { serviceOfHost } from '../destination-rules.ts';
import { callersOf, callingClusters, isKnownToCallers } from '../facts/callers.ts';
import { scopeOf } from '../facts/service-scope.ts';
import { firstFew } from '../format-values.ts';
import type { MeshView } from '../mesh-view.ts';
import { separately } from '../unread.ts';

/** All endpoints of a shard: one for each pod and port. */
const endpointsOf = ({ ports }: ShardRecord): number =>
  Object.values(ports).reduce((all, count) => all + count, 0);

/** The networks of the pods with a sidecar in a cluster. Throws NotRead. */
const networksOf = (cluster: ClusterView): Set<string> =>
  new Set(
    cluster
      .whole('pods')
      .filter(({ sidecar }) => sidecar)
      .map(({ labels, proxy }) => labels[networkLabel] ?? proxy?.network ?? cluster.networkLabelled ?? ''),
  );

/** The endpoints of one service for the callers of one cluster. */
interface Reach {
  service: ServiceRecord;
  host: string;
  /** The endpoints that callers can use. */
  usable: number;
  /** The shards with endpoints that are behind a gateway and do not use mutual TLS. */
  lost: ShardRecord[];
}

/** The services that lose endpoints for the callers of a cluster, as its istiods decide. Throws NotRead. */
function* losses(view: MeshView, cluster: ClusterView, plane: ClusterView): Iterable<Reach> {
  const [istiod] = plane.istiods;
  if (!istiod || plane.isCut(istiod)) return;
  const [shards, gateways] = [plane.page(istiod, 'shards'), plane.page(istiod, 'networks')];
  const [own, withGateway] = [networksOf(cluster), new Set(gateways.map(({ network }) => network))];
  const isBehind = (shard: ShardRecord) =>
    shard.cluster !== cluster.name &&
    shard.networks.length > 0 &&
    shard.networks.every((network) => withGateway.has(network) && !own.has(network));
  const losing = new Set(
    shards
      .filter((one) => one.provider === 'Kubernetes' && one.mtls < endpointsOf(one) && isBehind(one))
      .map(({ host }) => host),
  );
  const scope = losing.size > 0 ? scopeOf(view, plane) : () => undefined;
  for (const [host, all] of Map.groupBy(
    shards.filter((one) => losing.has(one.host)),
    (one) => one.host,
  )) {
    const service = cluster.service(serviceOfHost(host) ?? '');
    if (!service || !isBalanced(service) || service.namespace === plane.systemNamespace) continue;
    const reached = all.filter(
      (one) => one.cluster === cluster.name || scope(host, one.cluster) === undefined,
    );
    const usable = reached.map((one) => (isBehind(one) ? one.mtls : endpointsOf(one)));
    const lost = reached.filter((one) => isBehind(one) && one.mtls < endpointsOf(one));
    // Own endpoints serve the callers of a cluster, so these do not need others.
    const hasOwn = all.some((one) => one.cluster === cluster.name && endpointsOf(one) > one.unhealthy);
    if (lost.length > 0 && !hasOwn)
      yield { service, host, usable: usable.reduce((sum, count) => sum + count, 0), lost };
  }
}

/** Whether proxies balance calls to a Service over endpoints of all clusters. */
const isBalanced = ({ headless, type, internalTrafficPolicy }: ServiceRecord): boolean =>
  !headless && type !== 'ExternalName' && internalTrafficPolicy !== 'Local';

/**
 * Whether ready pods of a service in a cluster, or endpoints that were written by hand, do not use mutual TLS. Gateways do not count:
 * callers of the mesh do not name their Services. Throws NotRead.
 */
function isPlain(view: MeshView, key: string, { cluster }: ShardRecord): boolean {
  const target = view.answered(cluster);
  const service = target.service(key);
  if (!service) return false;
  if (Object.keys(service.selector).length === 0) return true;
  return target
    .podsOf(service)
    .some(
      ({ ready, sidecar, proxy, labels }) =>
        ready &&
        proxy?.type !== 'gateway' &&
        (!sidecar || labels['security.istio.io/tlsMode'] === 'disabled'),
    );
}

const withoutMutualTls: Check = {
  code: 'MP6210',
  title: 'Pods without a sidecar are called from another network',
  severity: 'error',
  explanation:
    'A gateway routes calls from another network by their mutual TLS. Pods without a sidecar do not use it, so istiod does not send their endpoints to other networks. Callers there get 503 if the service does not have other endpoints. If it has some in other networks, the finding is a warning.',
  remedy:
    'kubectl --context <peer> label namespace <namespace> istio-injection=enabled\nkubectl --context <peer> -n <namespace> rollout restart deployment   # and remove sidecar.istio.io/inject: "false"',
  reference: 'https://istio.io/latest/docs/ops/deployment/deployment-models/#multiple-networks',
  needs: ['istiods', 'services', 'pods', 'namespaces', 'resources', 'installs'],
  run: function* (view) {
    yield* separately(callingClusters(view), function* ({ cluster, plane }) {
      yield* separately(losses(view, cluster, plane), function* (reach) {
        const found = sightingOf(view, cluster, reach);
        if (found) yield found;
      });
    });
  },
};

/** The finding of a service; undefined if callers of a cluster do not need the endpoints that they lose. Throws NotRead. */
function sightingOf(view: MeshView, cluster: ClusterView, reach: Reach): Sighting | undefined {
  const { service, host, usable, lost } = reach;
  const key = keyOf(service);
  const first = lost.find((one) => isPlain(view, key, one));
  if (!first) return undefined;
  const called = { namespace: service.namespace, fqdn: host, in: [{ cluster, service }] };
  const callers = callersOf(view, cluster, called);
  if (callers.length === 0 && !isKnownToCallers(view, cluster, called)) return undefined;
  return {
    severity: usable === 0 && callers.length > 0 ? 'error' : 'warning',
    cluster: cluster.name,
    peer: first.cluster,
    object: `Service ${key}`,
    subject: key,
    evidence: [
      {
        what: `endpoints in ${first.cluster} with mutual TLS`,
        seen: first.mtls,
        expected: endpointsOf(first),
      },
      { what: `endpoints that callers in ${cluster.name} can use`, seen: usable, expected: 1 },
      { what: 'callers', seen: firstFew(callers.map(({ name }) => name)) || 'in other namespaces' },
    ],
    cause: `Callers in ${cluster.name} cannot reach ${usable === 0 ? '' : 'some '}pods of ${key} in ${first.cluster}: these do not have a sidecar, and the networks differ.`,
  };
}

export const podsWithoutTlsChecks = [withoutMutualTls];
