import type { PodRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { eastWestGateways } from '../gateways.ts';
import { firstFew, podRef, span } from '../format-values.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster } from '../per-cluster.ts';
import { isSettled, isYoung } from '../recent-changes.ts';
import { istiodName } from '../remedies.ts';
import { fromReadable, separately } from '../unread.ts';

/**
 * Whether the proxy of a pod is connected to any istiod of the mesh. istiods list proxies by the clusterName that they report. Throws
 * NotRead unless all istiods of the mesh gave their list.
 */
function connectedIn(view: MeshView): (cluster: ClusterView, pod: PodRecord) => boolean {
  const connected = connectedById(view);
  return (cluster, pod) => {
    const proxy = `${pod.name}.${pod.namespace}`;
    const isListed = (id: string | undefined) => id !== undefined && connected.get(id)?.has(proxy) === true;
    return (
      isListed(cluster.name) ||
      isListed(pod.proxy?.clusterId) ||
      cluster.revisions.some(({ clusterName }) => isListed(clusterName))
    );
  };
}

/** The connected proxies, `<pod>.<namespace>`, by the clusterName that they report. Throws NotRead. */
const connectedById = keptFor(
  (view: MeshView) => {
    for (const cluster of view.everyCluster()) cluster.pages('connected');
  },
  (view): ReadonlyMap<string, ReadonlySet<string>> => {
    const connected = new Map<string, Set<string>>();
    for (const each of view.everyCluster())
      for (const page of each.pages('connected'))
        for (const { proxy, cluster } of page) {
          let own = connected.get(cluster);
          if (!own) connected.set(cluster, (own = new Set()));
          own.add(proxy);
        }
    return connected;
  },
);

/** The proxies of an istiod that ended a moment ago are reconnecting; another check reports a cluster without an istiod. Throws NotRead. */
function isChangingIstiods(view: MeshView, cluster: ClusterView): boolean {
  const places = new Set(cluster.revisions.map(({ namespace }) => namespace));
  const pods = [...places].flatMap((namespace) => cluster.pods.in(namespace));
  return (
    cluster.istiods.length === 0 || pods.some((pod) => pod.labels['app'] === 'istiod' && isYoung(view, pod))
  );
}

const unconnected: Check = {
  code: 'MP2208',
  title: 'Proxies are not connected to any istiod',
  severity: 'warning',
  explanation:
    'istiod does not know the sidecars of these pods. They keep their old endpoints, so they send to pods and gateways that do not exist any more. Usually the discovery address or the trust in istiod changed after the pods started.',
  remedy: 'kubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy --tail=50',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['istiods', 'pods', 'installs'],
  run: function* (view) {
    const isConnected = connectedIn(view);
    yield* separately(view.primaries, function* (cluster) {
      if (isChangingIstiods(view, cluster)) return;
      const lost = cluster
        .seen('pods')
        .filter((pod) => pod.sidecar && isSettled(view, pod) && !isConnected(cluster, pod));
      if (lost.length === 0) return;
      yield {
        cluster: cluster.name,
        object: `Pod ${lost[0]?.namespace}/${lost[0]?.name}`,
        evidence: [{ what: 'ready sidecars without an istiod', seen: lost.length, expected: 0 }],
        cause: `${lost.length} sidecars of ${cluster.name} are not connected to istiod: ${firstFew(lost.map(({ name }) => name))}.`,
      };
    });
  },
};

const unknownRemotes: Check = {
  code: 'MP2123',
  title: 'No istiod knows the proxies of a remote cluster',
  severity: 'error',
  explanation:
    'istiods of the mesh read this cluster, but its proxies are not connected to any of them. The proxies do not get endpoints, gateways or certificates: calls from new pods fail, and running pods keep old endpoints. Usually the discovery address does not route to the primary, or the proxies do not trust its istiod. It is a warning if a part of the proxies is connected.',
  remedy: 'kubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy --tail=50',
  reference:
    'https://istio.io/latest/docs/setup/install/multicluster/primary-remote_multi-network/#configure-cluster2-as-a-remote',
  needs: ['istiods', 'pods', 'installs'],
  run: function* (view) {
    const isConnected = connectedIn(view);
    const primaries = view.everyPrimary();
    if (primaries.some((primary) => isChangingIstiods(view, primary))) return;
    yield* separately(view.dataPlanes, function* (cluster) {
      if (cluster.hasIstiod) return;
      const names = new Set([cluster.name, cluster.install?.clusterName]);
      const serving = primaries.filter((one) =>
        one.pages('clusters').some((known) => known.some(({ id }) => names.has(id))),
      );
      const proxies = cluster
        .whole('pods')
        .filter((pod) => pod.proxy && pod.phase === 'Running' && pod.deletingSince === undefined)
        .filter((pod) => pod.ip !== '' && !isYoung(view, pod));
      const lost = proxies.filter((pod) => !isConnected(cluster, pod));
      const [first] = lost;
      if (!first || serving.length === 0) return;
      const addresses = discoveryAddresses(cluster, lost);
      yield {
        severity: lost.length === proxies.length ? 'error' : 'warning',
        cluster: cluster.name,
        ...(serving.length === 1 ? { peer: serving[0]?.name ?? '' } : {}),
        object: `Pod ${keyOf(first)}`,
        evidence: [
          { what: 'proxies that no istiod lists', seen: lost.length, expected: 0 },
          { what: 'their discovery address', seen: addresses },
        ],
        cause: `${lost.length} of ${proxies.length} proxies of ${cluster.name} are not connected to an istiod of ${firstFew(serving.map(({ name }) => name))}; they use ${addresses}.`,
        remedy: `kubectl --context <cluster> -n ${first.namespace} logs ${first.name} -c istio-proxy --tail=50\nkubectl --context <cluster> -n ${cluster.systemNamespace} get service,endpointslice | grep ${istiodName(cluster.install?.revision)}`,
      };
    });
  },
};

/** The addresses of istiod that proxies use, with the address of the primary that the installation names. Throws NotRead. */
function discoveryAddresses(cluster: ClusterView, pods: readonly PodRecord[]): string {
  const { settings, remotePilotAddress } = cluster.install ?? {};
  const used = pods.flatMap(
    ({ proxy }) => proxy?.discoveryAddress ?? settings?.discoveryAddress ?? proxy?.caAddress ?? [],
  );
  const all = firstFew([...new Set(used)]) || 'an unknown address';
  return remotePilotAddress === undefined ? all : `${all} (${remotePilotAddress})`;
}

/** Far above the time of a push and its answer: milliseconds, or more on a busy machine. */
const slowAnswerMs = 15_000;

const oldConfiguration: Check = {
  code: 'MP2205',
  title: 'Proxies reject or do not acknowledge configuration',
  severity: 'warning',
  explanation:
    'These proxies rejected configuration of istiod, or did not answer for 15 s. They keep their old configuration. The usual reason is an EnvoyFilter, or a proxy that is older than the configuration.',
  remedy:
    'istioctl --context <cluster> proxy-status\nkubectl --context <cluster> -n <namespace> logs <pod> -c istio-proxy | grep -i reject',
  reference: 'https://istio.io/latest/docs/ops/diagnostic-tools/proxy-cmd/',
  needs: ['istiods', 'services', 'pods'],
  run: perCluster(function* (cluster) {
    const all = cluster.seen('istiods').flatMap(({ connected = [] }) => connected);
    const late = all.filter(
      ({ rejected, stale, oldestStaleMs }) =>
        rejected.length > 0 || (stale.length > 0 && oldestStaleMs > slowAnswerMs),
    );
    const first = late[0];
    if (!first) return;
    const [gateway] = fromReadable([cluster], (one) =>
      eastWestGateways(one).filter(({ pods }) =>
        late.every(({ proxy }) => pods.some(({ name, namespace }) => proxy === `${name}.${namespace}`)),
      ),
    );
    yield {
      object: podRef(first.proxy),
      ...(gateway ? { subject: gateway.key } : {}),
      evidence: [
        { what: 'proxies with old configuration', seen: late.length, expected: 0 },
        {
          what: first.proxy,
          seen: first.rejected[0] ?? `${firstFew(first.stale)} for ${span(first.oldestStaleMs)}`,
        },
      ],
      cause: `${late.length} of ${all.length} proxies of ${cluster.name} have not accepted the configuration of istiod: ${firstFew(late.map(({ proxy }) => proxy))}.`,
    };
  }),
};

export const connectedProxyChecks = [unconnected, unknownRemotes, oldConfiguration];
