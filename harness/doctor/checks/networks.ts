import type { PodRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { networkLabel, type ClusterView } from '../cluster-view.ts';
import {
  endpointsOn,
  idsOf,
  isNetworkOf,
  meshNetworksOf,
  networkOf,
  networkSubject,
  separateNetworkOf,
} from '../facts/networks.ts';
import { firstFew } from '../format-values.ts';
import type { MeshView } from '../mesh-view.ts';
import { perDataPlane } from '../per-cluster.ts';
import { fromReadable, separately } from '../unread.ts';

const reference = 'https://istio.io/latest/docs/reference/config/labels/#TopologyNetwork';
const label =
  'kubectl --context <cluster> label namespace <namespace> topology.istio.io/network=<network> --overwrite';

/** The findings in other clusters about a cluster on a wrong network. */
const misplaced = { 'target and subject': ['MP3506'] };

/** The endpoints that istiods of other networks hold on a wrong network: the effect of a wrong setting, or an empty list. */
function effectOf(
  view: MeshView,
  cluster: ClusterView,
  network: string,
): { evidence: Sighting['evidence']; words: string | undefined } {
  const { callers, hosts } = endpointsOn(view, cluster, network);
  if (hosts.length === 0) return { evidence: [], words: undefined };
  const seen = firstFew(hosts);
  return {
    evidence: [{ what: `services that ${firstFew(callers)} calls without the gateway`, seen, expected: 0 }],
    words: `proxies of ${firstFew(callers)} do not use its gateway for ${hosts.length} services`,
  };
}

/** Whether the istiod of a reader places all pods of a cluster by meshNetworks. Throws NotRead. */
function isPlaced(reader: ClusterView, cluster: ClusterView): boolean {
  if (meshNetworksOf(reader).length === 0) return false;
  const pods = cluster.whole('pods').filter(({ hostNetwork, ip }) => !hostNetwork && ip !== '');
  return pods.length > 0 && pods.every((pod) => networkOf(reader, cluster, pod) !== undefined);
}

const noLabel: Check = {
  code: 'MP3101',
  title: 'The namespace of istiod does not have a network label',
  severity: 'error',
  explanation:
    'The label topology.istio.io/network of the namespace of istiod sets the network of pods that do not have the label. meshNetworks can set it too. If neither does, all clusters call such pods directly. Injected pods have the label if values.global.network is set.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs', 'pods', 'istiods'],
  explains: misplaced,
  run: perDataPlane(function* (cluster, view) {
    if (!view.multiNetwork) return;
    const namespace = cluster.systemNamespace;
    if (!cluster.namespaces.has(namespace) || cluster.networkLabelled) return;
    const unplaced = fromReadable(view.primaries, (one) => (isPlaced(one, cluster) ? [] : [one]));
    const first = unplaced[0];
    if (!first) return;
    const network = view.declaredNetwork(cluster.name) ?? '<network>';
    const registries = meshNetworksOf(first).flatMap((one) => one.registries);
    const { evidence, words } = effectOf(view, cluster, '');
    yield {
      severity: words !== undefined ? 'error' : othersSetNetworks(view, cluster) ? 'warning' : 'info',
      object: `Namespace ${namespace}`,
      covers: [networkSubject('')],
      evidence: [
        { what: `label ${networkLabel}`, seen: 'none', expected: network },
        ...(registries.length === 0
          ? []
          : [
              {
                what: `clusters in meshNetworks of ${first.name}`,
                seen: firstFew(registries),
                expected: firstFew([...idsOf(cluster)]),
              },
            ]),
        ...evidence,
      ],
      cause: `Namespace ${namespace} of ${cluster.name} does not have a network label${words === undefined ? '' : `: ${words}`}.`,
      remedy: label.replace('<network>', network),
    };
  }),
};

/** Whether another cluster sets its network by the label of its namespace, or any istiod by meshNetworks. */
const othersSetNetworks = (view: MeshView, cluster: ClusterView): boolean =>
  fromReadable(view.clusters, (one) =>
    (one !== cluster && one.networkLabelled) || meshNetworksOf(one).length > 0 ? [one] : [],
  ).length > 0;

/** The finding about a label of the system namespace that names a wrong network. `but` says what it does. */
function wrongLabelOf(cluster: ClusterView, view: MeshView, seen: string, but: string): Sighting {
  const wanted = view.declaredNetwork(cluster.name) ?? '<network>';
  const { evidence, words } = effectOf(view, cluster, seen);
  return {
    severity: words === undefined ? 'warning' : 'error',
    object: `Namespace ${cluster.systemNamespace}`,
    subject: networkSubject(seen),
    evidence: [{ what: `label ${networkLabel}`, seen, expected: wanted }, ...evidence],
    cause: `${cluster.name} is on ${wanted}, but ${but}${words === undefined ? '' : `: ${words}`}.`,
    remedy: label.replace('<network>', wanted),
  };
}

/** The label of the system namespace, if it does not name a network of the cluster. Throws NotRead. */
function wrongNetworkLabel(cluster: ClusterView, view: MeshView): string | undefined {
  const seen = cluster.networkLabelled;
  if (!seen || !cluster.declares('network') || view.declaredNetwork(cluster.name) === undefined)
    return undefined;
  return isNetworkOf(view, cluster, seen) ? undefined : seen;
}

const wrongLabel: Check = {
  code: 'MP3102',
  title: 'The network label of a cluster names an unknown network',
  severity: 'error',
  explanation:
    'The network label of the namespace of istiod names a network without a gateway, which the mesh file does not have. Other clusters do not find a gateway for that network, so they call the pods directly. The label does not change pods that have their own.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs', 'services', 'resources', 'pods', 'istiods'],
  explains: misplaced,
  run: perDataPlane(function* (cluster, view) {
    const seen = wrongNetworkLabel(cluster, view);
    if (seen === undefined || ownerOf(view, seen) !== undefined) return;
    yield wrongLabelOf(
      cluster,
      view,
      seen,
      `its namespace ${cluster.systemNamespace} has the label of ${seen}`,
    );
  }),
};

/** The cluster to which the mesh file gives a network. */
const ownerOf = (view: MeshView, network: string): string | undefined =>
  view.snapshot.declared.clusters.find((one) => one.network === network)?.name;

const sharedLabel: Check = {
  code: 'MP3103',
  title: 'Clusters on separate networks have the same network label',
  severity: 'error',
  explanation:
    'The pods of the two clusters cannot reach each other, but the clusters have the same network label. So proxies call pods that do not have their own label directly, not through the gateway. If the pod ranges overlap, calls reach the wrong pods.',
  remedy: label,
  reference,
  needs: ['namespaces', 'installs', 'services', 'resources', 'pods', 'istiods'],
  explains: misplaced,
  run: perDataPlane(function* (cluster, view) {
    const seen = wrongNetworkLabel(cluster, view);
    const owner = seen === undefined ? undefined : ownerOf(view, seen);
    if (seen === undefined || owner === undefined) return;
    yield {
      peer: owner,
      ...wrongLabelOf(cluster, view, seen, `has the label of ${seen}, the network of ${owner}`),
    };
  }),
};

const wrongMeshNetworks: Check = {
  code: 'MP3111',
  title: 'meshNetworks places pods of a cluster on the network of another',
  severity: 'error',
  explanation:
    'meshNetworks gives pods a network by the name of their cluster (fromRegistry) or by their address (fromCidr), if neither the pod nor the namespace of istiod has a label. The network is not a network of the cluster, so proxies call the pods directly or through the gateway of another cluster.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit configmap <name>   # meshNetworks',
  reference: 'https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshNetworks',
  needs: ['installs', 'namespaces', 'pods', 'services', 'resources', 'istiods'],
  explains: { 'pair and subject': ['MP3506'] },
  run: function* (view) {
    if (!view.multiNetwork) return;
    const pairs = view.primaries.flatMap((reader) => view.dataPlanes.map((cluster) => ({ reader, cluster })));
    yield* separately(pairs, function* ({ reader, cluster }) {
      const wanted = separateNetworkOf(view, cluster);
      if (wanted === undefined || meshNetworksOf(reader).length === 0 || cluster.networkLabelled) return;
      for (const [found, pods] of placedElsewhere(view, reader, cluster)) {
        const { evidence, words } = effectOf(view, cluster, found);
        const suffix = reader.install?.revision === 'default' ? '' : `-${reader.install?.revision}`;
        yield {
          cluster: reader.name,
          ...(cluster === reader ? {} : { peer: cluster.name }),
          severity: words === undefined ? 'warning' : 'error',
          object: `ConfigMap ${reader.systemNamespace}/istio${suffix}`,
          covers: [networkSubject(found)],
          evidence: [
            { what: `network of ${pods.length} pods of ${cluster.name}`, seen: found, expected: wanted },
            ...evidence,
          ],
          cause: `meshNetworks of ${reader.name} places ${pods.length} pods of ${cluster.name} on ${found}, not ${wanted}.`,
        };
      }
    });
  },
};

/** The pods of a cluster that meshNetworks of a reader places on networks that are not the cluster's. Throws NotRead. */
function placedElsewhere(
  view: MeshView,
  reader: ClusterView,
  cluster: ClusterView,
): Map<string, PodRecord[]> {
  const placed = new Map<string, PodRecord[]>();
  for (const pod of cluster.whole('pods')) {
    if (pod.hostNetwork || pod.ip === '') continue;
    const found = networkOf(reader, cluster, pod);
    if (found?.by !== 'registry' && found?.by !== 'range') continue;
    const pods = placed.get(found.network);
    if (pods) pods.push(pod);
    else if (!isNetworkOf(view, cluster, found.network)) placed.set(found.network, [pod]);
  }
  return placed;
}

export const networkChecks = [wrongMeshNetworks, noLabel, wrongLabel, sharedLabel];
