import type { ShardRecord } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { networkLabel, type ClusterView } from '../cluster-view.ts';
import { serviceOfHost } from '../destination-rules.ts';
import { eastWestGateways } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { perDataPlane } from '../per-cluster.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const reference = 'https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork';
const label =
  'kubectl --context <cluster> label namespace istio-system topology.istio.io/network=<network> --overwrite';

/** What a cluster on a wrong network looks like from elsewhere. */
const misplaced = { cluster: ['MP3104'], target: ['MP3506', 'MP3501'] };

const noLabel: Check = {
  code: 'MP3101',
  title: 'The namespace of istiod does not say on which network the cluster is',
  severity: 'error',
  explanation:
    'The label topology.istio.io/network of the namespace istio-system tells every istiod on which network the pods of a cluster are that say nothing themselves. Without it they count as being on no network, and are sent to directly from everywhere. Pods that were injected with a network keep working; those without, such as ones with hostNetwork or an older template, do not.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs'],
  explains: misplaced,
  run: perDataPlane(function* (cluster, view) {
    if (!view.multiNetwork) return;
    if (!cluster.namespaces.has(cluster.systemNamespace) || cluster.networkLabelled !== undefined) return;
    yield {
      object: `Namespace ${cluster.systemNamespace}`,
      evidence: [
        {
          what: `label ${networkLabel}`,
          seen: 'none',
          expected: view.declaredNetwork(cluster.name) ?? 'a network',
        },
      ],
      cause: `Namespace ${cluster.systemNamespace} of ${cluster.name} has no network label.`,
      remedy: `kubectl --context ${cluster.name} label namespace ${cluster.systemNamespace} ${networkLabel}=${view.declaredNetwork(cluster.name) ?? '<network>'}`,
    };
  }),
};

const wrongLabel: Check = {
  code: 'MP3102',
  title: 'The namespace of istiod names another network than the cluster is on',
  severity: 'error',
  explanation:
    'The network label of istio-system names a network that no cluster of the mesh file is on. Other clusters look for the gateway of that network, find none, and send to the pods directly.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs'],
  explains: misplaced,
  run: function* (view) {
    const known = new Set(view.snapshot.declared.clusters.map(({ network }) => network));
    yield* separately(view.dataPlanes, function* (cluster) {
      const [seen, wanted] = [cluster.networkLabelled, view.declaredNetwork(cluster.name)];
      if (seen === undefined || wanted === undefined || known.has(seen)) return;
      yield {
        cluster: cluster.name,
        object: `Namespace ${cluster.systemNamespace}`,
        evidence: [{ what: `label ${networkLabel}`, seen, expected: wanted }],
        cause: `${cluster.name} is on ${wanted}, but its namespace ${cluster.systemNamespace} names the network ${seen}.`,
      };
    });
  },
};

const sharedLabel: Check = {
  code: 'MP3103',
  title: 'Clusters on separate networks name the same network',
  severity: 'error',
  explanation:
    'Two clusters whose pods cannot reach each other have the same network label. Each sends to the pods of the other directly instead of through the gateway; where the pod ranges overlap, it reaches the wrong pods.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs'],
  explains: misplaced,
  run: perDataPlane(function* (cluster, view) {
    const [seen, wanted] = [cluster.networkLabelled, view.declaredNetwork(cluster.name)];
    if (seen === undefined || wanted === undefined || seen === wanted) return;
    const owner = view.snapshot.declared.clusters.find(({ network }) => network === seen);
    if (!owner) return;
    yield {
      peer: owner.name,
      object: `Namespace ${cluster.systemNamespace}`,
      evidence: [{ what: `label ${networkLabel}`, seen, expected: wanted }],
      cause: `${cluster.name} is on ${wanted}, but names ${seen}, the network of ${owner.name}.`,
    };
  }),
};

/**
 * The networks that a label of their own may put pods of a cluster on, as those of machines beside it: one that has a gateway in the
 * cluster, or that another cluster is on.
 */
const otherNetworks = (view: MeshView, cluster: ClusterView): Set<string> =>
  new Set(
    [
      ...eastWestGateways(cluster).map(({ network }) => network),
      ...cluster.resources('KubernetesGateway').map((one) => one.labels[networkLabel]),
      ...view.clusterNames.filter((name) => name !== cluster.name).map((name) => view.declaredNetwork(name)),
    ].filter((network) => network !== undefined),
  );

const proxiesElsewhere: Check = {
  code: 'MP3104',
  title: 'Proxies count themselves on another network than their cluster is on',
  severity: 'error',
  explanation:
    'The network of a proxy (ISTIO_META_NETWORK, from values.global.network when it is injected, or a label of the pod) decides which endpoints it sends to directly and which through a gateway. A proxy on another network than its cluster sends to its neighbours through a gateway, and to strangers directly.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.network=<network>\nkubectl --context <cluster> -n <namespace> rollout restart deployment',
  reference,
  needs: ['pods', 'services', 'resources', 'namespaces', 'installs'],
  explains: { target: ['MP3506'] },
  run: perDataPlane(function* (cluster, view) {
    if (!view.multiNetwork) return;
    const wanted = view.declaredNetwork(cluster.name);
    if (wanted === undefined) return;
    const proxied = cluster.seen('pods').filter(({ proxy }) => proxy !== undefined);
    const networkOf = (pod: (typeof proxied)[number]) =>
      pod.labels[networkLabel] ?? pod.proxy?.network ?? cluster.networkLabelled;
    const apart = proxied.filter((pod) => networkOf(pod) !== wanted);
    if (apart.length === 0) return;
    const others = otherNetworks(view, cluster);
    const elsewhere = apart.filter((pod) => !others.has(pod.labels[networkLabel] ?? ''));
    const first = elsewhere[0];
    if (!first) return;
    yield {
      object: `Pod ${first.namespace}/${first.name}`,
      evidence: [
        { what: 'proxies on another network', seen: elsewhere.length, expected: 0 },
        { what: `network of ${first.name}`, seen: networkOf(first) ?? 'none', expected: wanted },
      ],
      cause: `${elsewhere.length} of ${proxied.length} proxies of ${cluster.name} count themselves on ${networkOf(first) ?? 'no network'}, not ${wanted}: ${firstFew(elsewhere.map(({ name }) => name))}.`,
    };
  }),
};

const endpointsElsewhere: Check = {
  code: 'MP3506',
  title: 'An istiod counts endpoints on another network than their cluster is on',
  severity: 'error',
  explanation:
    'istiod decides by the network of an endpoint whether a proxy reaches it directly or through a gateway. Endpoints on no network, or a wrong one, are sent to directly: calls hang until they time out, or reach a stranger with the same address.',
  remedy:
    'kubectl --context <cluster> get namespace istio-system --show-labels\nkubectl --context <cluster> -n <namespace> get pods -L topology.istio.io/network',
  reference: 'https://istio.io/latest/docs/ops/deployment/deployment-models/#network-models',
  needs: ['istiods', 'services', 'pods', 'resources', 'installs'],
  run: function* (view) {
    if (!view.multiNetwork) return;
    yield* separately(view.primaries, function* (reader) {
      for (const istiod of reader.seen('istiods'))
        yield* separately(
          Map.groupBy(istiod.shards ?? [], ({ cluster }) => cluster),
          function* ([from, shards]) {
            const wanted = view.declaredNetwork(from);
            if (wanted === undefined) return;
            // What has no sidecar is not sent to across networks, whatever network it counts on.
            const labelled = networksOfPods(view, from);
            const wrong = shards.filter(
              (shard) =>
                shard.mtls > 0 && shard.networks.some((one) => one !== wanted && !labelled(shard).has(one)),
            );
            if (wrong.length === 0) return;
            const seen = new Set(wrong.flatMap(({ networks }) => networks.map((one) => one || 'none')));
            yield {
              cluster: reader.name,
              ...(from === reader.name ? {} : { peer: from }),
              object: `Pod ${istiod.namespace}/${istiod.pod}`,
              evidence: [
                { what: `services of ${from} with endpoints elsewhere`, seen: wrong.length, expected: 0 },
                { what: 'networks', seen: firstFew([...seen]), expected: wanted },
              ],
              cause: `istiod of ${reader.name} counts endpoints of ${wrong.length} services of ${from} on ${firstFew([...seen])}, not ${wanted}.`,
            };
          },
        );
    });
  },
};

/** The networks that pods of a cluster are on by a label of their own, and may be, by service. */
function networksOfPods(view: MeshView, name: string): (shard: ShardRecord) => Set<string> {
  let others: Set<string> | undefined; // asked for only if endpoints are on another network
  return ({ host }) => {
    const cluster = view.answered(name);
    const service = cluster.service(serviceOfHost(host) ?? '');
    const pods = service ? cluster.podsOf(service) : [];
    const known = (others ??= otherNetworks(view, cluster));
    return new Set(pods.map(({ labels }) => labels[networkLabel] ?? '').filter((one) => known.has(one)));
  };
}

export const networkChecks = [noLabel, wrongLabel, sharedLabel, proxiesElsewhere, endpointsElsewhere];
