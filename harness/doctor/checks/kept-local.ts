import type { Check, Sighting } from '../check.ts';
import type { ClusterView } from '../cluster-view.ts';
import { callersOf, callingClusters, planeOf } from '../facts/callers.ts';
import { scopeOf, type KeptBy } from '../facts/service-scope.ts';
import { firstFew } from '../format-values.ts';
import { meshServices, type MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { separately } from '../unread.ts';

/** A service that the callers of one cluster can reach in that cluster only. */
interface Kept {
  service: MeshService;
  by: KeptBy;
  /** The clusters with pods of the service whose own settings do not keep it. */
  sharing: ClusterView[];
  /** The callers that do not reach any pod. */
  failing: number;
}

const keptLocal: Check = {
  code: 'MP6305',
  title: 'Calls to a service with pods in several clusters stay in one cluster',
  severity: 'warning',
  explanation:
    'serviceSettings with clusterLocal, or the switches of Multi-Cluster Services (MCS), keep calls to a service inside the cluster of the caller. If only some clusters set it, callers in the others still use all pods. If a service does not have pods in the cluster of its callers, their calls fail with 503. If all clusters keep a service, that is intended, and the finding is an info.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit configmap <name>   # serviceSettings',
  reference:
    'https://istio.io/latest/docs/ops/configuration/traffic-management/multicluster/#keeping-traffic-in-cluster',
  needs: ['installs', 'services', 'pods', 'namespaces', 'resources', 'istiods', 'proxies'],
  run: function* (view) {
    yield* separately(callingClusters(view), function* ({ cluster, plane }) {
      const kept = keptIn(view, cluster, plane);
      if (kept.length > 0) yield sightingOf(cluster, plane, kept);
    });
  },
};

/** The services that a cluster keeps, and that have pods in another cluster. Throws NotRead. */
function keptIn(view: MeshView, cluster: ClusterView, plane: ClusterView): Kept[] {
  const [scope, empty] = [scopeOf(view, plane), emptyHosts(cluster)];
  return meshServices(view).flatMap((service): Kept[] => {
    const { key, fqdn, meshed, namespace } = service;
    const other = meshed[0] === cluster ? meshed[1] : meshed[0];
    const by = other && namespace !== 'kube-system' ? scope(fqdn, other.name) : undefined;
    if (!by) return [];
    const elsewhere = meshed.filter((one) => one !== cluster);
    const sharing = elsewhere.filter((one) => {
      const ofOther = planeOf(view, one);
      return ofOther !== undefined && scopeOf(view, ofOther)(fqdn, cluster.name) === undefined;
    });
    const isCalled = !meshed.includes(cluster) && cluster.service(key) !== undefined && empty().has(fqdn);
    return [{ service, by, sharing, failing: isCalled ? callersOf(view, cluster, service).length : 0 }];
  });
}

/** The hosts for which sidecars of a cluster have upstreams, and do not have an endpoint. */
function emptyHosts(cluster: ClusterView): () => ReadonlySet<string> {
  let known: Set<string> | undefined; // read only if settings keep a service
  const read = () => {
    const upstreams = cluster.seen('proxies').flatMap((one) => (one.type === 'sidecar' ? one.upstreams : []));
    const filled = new Set(upstreams.filter(({ endpoints }) => endpoints.length > 0).map(({ host }) => host));
    return new Set(upstreams.map(({ host }) => host).filter((host) => !filled.has(host)));
  };
  return () => (known ??= read());
}

function sightingOf(cluster: ClusterView, plane: ClusterView, kept: readonly Kept[]): Sighting {
  const differing = kept.filter(({ sharing }) => sharing.length > 0);
  const failing = differing.filter((one) => one.failing > 0);
  const shown = failing.length > 0 ? failing : differing.length > 0 ? differing : kept;
  const names = (some: readonly Kept[]) => firstFew(some.map(({ service }) => service.key));
  const sharing = [...new Set(differing.flatMap((one) => one.sharing))];
  return {
    severity: failing.length > 0 ? 'error' : differing.length > 0 ? 'warning' : 'info',
    cluster: cluster.name,
    ...(sharing[0] ? { peer: sharing[0].name } : {}),
    object: `ConfigMap ${plane.systemNamespace}/istio`,
    evidence: [
      { what: 'services that are kept inside', seen: names(kept) },
      { what: 'clusters that do not keep them', seen: sharing.length, expected: 0 },
      ...failing.slice(0, 3).map(({ service, failing: callers }) => ({
        what: `pods in ${cluster.name} that call ${service.key} and do not reach a pod of it`,
        seen: callers,
        expected: 0,
      })),
    ],
    cause:
      failing.length > 0
        ? `${shown[0]?.by} of ${plane.name} keeps every call in ${cluster.name}, so callers in ${cluster.name} cannot reach ${names(failing)}, whose pods are only in ${firstFew(sharing.map(({ name }) => name))}.`
        : `${plane.name} keeps calls to ${names(shown)} inside ${cluster.name}, although other clusters have pods of it.`,
  };
}

export const keptLocalChecks = [keptLocal];
