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
  'kubectl --context <cluster> label namespace <namespace> topology.istio.io/network=<network> --overwrite';

/** The findings in other clusters about a cluster on a wrong network. */
const misplaced = { 'cluster and subject': ['MP3104'], 'target and subject': ['MP3506'] };
/** The network of pods and endpoints that follow the namespace of istiod, as a subject. */
const following = (network = '') => `network ${network || 'none'}`;

const noLabel: Check = {
  code: 'MP3101',
  title: 'The namespace of istiod does not have a network label',
  severity: 'error',
  explanation:
    'The label topology.istio.io/network of the namespace of istiod sets the network of pods that do not set their own. Without it, all clusters call such pods directly. Pods that were injected with a network still work. Pods with hostNetwork or from an older template do not.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs'],
  explains: misplaced,
  run: perDataPlane(function* (cluster, view) {
    if (!view.multiNetwork) return;
    if (!cluster.namespaces.has(cluster.systemNamespace) || cluster.networkLabelled !== undefined) return;
    yield {
      object: `Namespace ${cluster.systemNamespace}`,
      covers: [following()],
      evidence: [
        {
          what: `label ${networkLabel}`,
          seen: 'none',
          expected: view.declaredNetwork(cluster.name) ?? 'a network',
        },
      ],
      cause: `Namespace ${cluster.systemNamespace} of ${cluster.name} does not have a network label.`,
      remedy: label.replace('<network>', view.declaredNetwork(cluster.name) ?? '<network>'),
    };
  }),
};

const wrongLabel: Check = {
  code: 'MP3102',
  title: 'The network label of a cluster names an unknown network',
  severity: 'error',
  explanation:
    'The network label of the namespace of istiod names a network that the mesh file does not have. Other clusters do not find a gateway for that network, so they call the pods directly.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs'],
  explains: misplaced,
  run: function* (view) {
    const known = new Set(view.snapshot.declared.clusters.map(({ network }) => network));
    yield* separately(view.dataPlanes, function* (cluster) {
      const [seen, wanted] = [cluster.networkLabelled, view.declaredNetwork(cluster.name)];
      if (seen === undefined || wanted === undefined || !cluster.declares('network')) return;
      if (known.has(seen)) return;
      yield {
        cluster: cluster.name,
        object: `Namespace ${cluster.systemNamespace}`,
        covers: [following(seen)],
        evidence: [{ what: `label ${networkLabel}`, seen, expected: wanted }],
        cause: `${cluster.name} is on ${wanted}, but its namespace ${cluster.systemNamespace} has the label of ${seen}.`,
        remedy: label.replace('<network>', wanted),
      };
    });
  },
};

const sharedLabel: Check = {
  code: 'MP3103',
  title: 'Clusters on separate networks have the same network label',
  severity: 'error',
  explanation:
    'The pods of the two clusters cannot reach each other, but the clusters have the same network label. So proxies call pods directly, not through the gateway. If the pod ranges overlap, calls reach the wrong pods.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs'],
  explains: misplaced,
  run: perDataPlane(function* (cluster, view) {
    const [seen, wanted] = [cluster.networkLabelled, view.declaredNetwork(cluster.name)];
    if (seen === undefined || wanted === undefined || !cluster.declares('network') || seen === wanted) return;
    const owner = view.snapshot.declared.clusters.find(({ network }) => network === seen);
    if (!owner) return;
    yield {
      peer: owner.name,
      object: `Namespace ${cluster.systemNamespace}`,
      covers: [following(seen)],
      evidence: [{ what: `label ${networkLabel}`, seen, expected: wanted }],
      cause: `${cluster.name} is on ${wanted}, but has the label of ${seen}, the network of ${owner.name}.`,
      remedy: label.replace('<network>', wanted),
    };
  }),
};

/**
 * The other networks on which a label may place pods of a cluster, as for virtual machines: networks with a gateway in the cluster, and
 * the networks of other clusters.
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
  title: 'Proxies are set to another network than their cluster',
  severity: 'error',
  explanation:
    'The network of a proxy decides which endpoints it calls directly and which through a gateway. It comes from values.global.network at injection (ISTIO_META_NETWORK), or from a label of the pod. With the wrong network, a proxy calls its neighbours through a gateway, and other networks directly.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set values.global.network=<network>\nkubectl --context <cluster> -n <namespace> rollout restart deployment',
  reference,
  needs: ['pods', 'services', 'resources', 'namespaces', 'installs'],
  explains: { 'target and subject': ['MP3506'] },
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
      subject: elsewhere.map((pod) =>
        pod.labels[networkLabel] === undefined && pod.proxy?.network === undefined
          ? following(networkOf(pod))
          : 'network of its own',
      ),
      covers: elsewhere.map((pod) => following(networkOf(pod))),
      evidence: [
        { what: 'proxies on another network', seen: elsewhere.length, expected: 0 },
        { what: `network of ${first.name}`, seen: networkOf(first) ?? 'none', expected: wanted },
      ],
      cause: `${elsewhere.length} of ${proxied.length} proxies of ${cluster.name} use the network ${networkOf(first) ?? 'none'}, not ${wanted}: ${firstFew(elsewhere.map(({ name }) => name))}.`,
    };
  }),
};

const endpointsElsewhere: Check = {
  code: 'MP3506',
  title: 'An istiod assigns endpoints to the wrong network',
  severity: 'error',
  explanation:
    'The network of an endpoint decides whether a proxy calls it directly or through a gateway. Without a network, or with a wrong one, proxies call the endpoint directly. Such calls time out, or reach another pod with the same address.',
  remedy:
    'kubectl --context <cluster> get namespace istio-system --show-labels\nkubectl --context <cluster> -n <namespace of the service> get pods -L topology.istio.io/network',
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
            // Other networks do not call endpoints without a sidecar, so their network does not matter.
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
              subject: [...seen].map(following),
              evidence: [
                {
                  what: `services of ${from} with endpoints on other networks`,
                  seen: wrong.length,
                  expected: 0,
                },
                { what: 'networks', seen: firstFew([...seen]), expected: wanted },
              ],
              cause: `istiod of ${reader.name} assigns endpoints of ${wrong.length} services of ${from} to ${firstFew([...seen])}, not ${wanted}.`,
            };
          },
        );
    });
  },
};

/** The other networks on which labels place the pods of a service. */
function networksOfPods(view: MeshView, name: string): (shard: ShardRecord) => Set<string> {
  let others: Set<string> | undefined; // read only if endpoints are on another network
  return ({ host }) => {
    const cluster = view.answered(name);
    const service = cluster.service(serviceOfHost(host) ?? '');
    const pods = service ? cluster.podsOf(service) : [];
    const known = (others ??= otherNetworks(view, cluster));
    return new Set(pods.map(({ labels }) => labels[networkLabel] ?? '').filter((one) => known.has(one)));
  };
}

export const networkChecks = [noLabel, wrongLabel, sharedLabel, proxiesElsewhere, endpointsElsewhere];
