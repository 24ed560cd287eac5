import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { perCluster } from '../per-cluster.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const reference =
  'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/before-you-begin/';
const label =
  'kubectl --context <cluster> label node <node> topology.kubernetes.io/region=<region> topology.kubernetes.io/zone=<zone>';

const noRegion: Check = {
  code: 'MP4101',
  title: 'Nodes have no region',
  severity: 'warning',
  explanation:
    'Istio takes the locality of a pod from the labels topology.kubernetes.io/region and /zone of its node. Pods on nodes without them are in no locality: they are nobody’s nearest, traffic does not prefer them, and failover between regions does not see them.',
  remedy: label,
  reference,
  needs: ['nodes'],
  explains: { cluster: ['MP4103', 'MP4206'] },
  run: perCluster(function* (cluster) {
    const without = cluster.seen('nodes').filter(({ region }) => region === '');
    if (without.length === 0) return;
    yield {
      object: `Node ${without[0]?.name}`,
      evidence: [
        {
          what: 'nodes with a region',
          seen: cluster.seen('nodes').length - without.length,
          expected: cluster.seen('nodes').length,
        },
      ],
      cause: `${without.length} of ${cluster.seen('nodes').length} nodes of ${cluster.name} have no region: ${firstFew(without.map(({ name }) => name))}.`,
    };
  }),
};

const noZone: Check = {
  code: 'MP4102',
  title: 'Nodes have a region, but no zone',
  severity: 'info',
  explanation:
    'Within a region, traffic prefers its own zone, and fails over to others. Pods on nodes without a zone are all in one: there is nothing to prefer.',
  remedy: label,
  reference,
  needs: ['nodes'],
  run: perCluster(function* (cluster) {
    const without = cluster.seen('nodes').filter(({ region, zone }) => region !== '' && zone === '');
    if (without.length > 0)
      yield {
        object: `Node ${without[0]?.name}`,
        evidence: [{ what: 'nodes without a zone', seen: without.length, expected: 0 }],
        cause: `${without.length} nodes of ${cluster.name} have no zone: ${firstFew(without.map(({ name }) => name))}.`,
      };
  }),
};

const proxyElsewhere: Check = {
  code: 'MP4103',
  title: 'Proxies count themselves in another locality than their node is in',
  severity: 'warning',
  explanation:
    'A proxy takes its locality when it starts. One that was started before its node was labelled, or that has a label istio-locality of its own, prefers another place than the one that it is in.',
  remedy: 'kubectl --context <cluster> -n <namespace> rollout restart deployment <name>',
  reference: 'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/',
  needs: ['proxies', 'nodes', 'pods'],
  run: perCluster(function* (cluster) {
    const nodes = new Map(cluster.seen('nodes').map((node) => [node.name, node]));
    const pods = new Map(cluster.seen('pods').map((pod) => [keyOf(pod), pod]));
    const elsewhere = cluster.seen('proxies').filter(({ namespace, pod, nodeLocality }) => {
      const own = pods.get(`${namespace}/${pod}`);
      const node = nodes.get(own?.node ?? '');
      return (
        nodeLocality &&
        node &&
        own?.labels['istio-locality'] === undefined &&
        (nodeLocality.region !== node.region || nodeLocality.zone !== node.zone)
      );
    });
    const first = elsewhere[0];
    if (!first) return;
    const node = nodes.get(pods.get(`${first.namespace}/${first.pod}`)?.node ?? '');
    yield {
      object: `Pod ${first.namespace}/${first.pod}`,
      evidence: [
        { what: 'proxies elsewhere', seen: elsewhere.length, expected: 0 },
        {
          what: 'locality',
          seen: `${first.nodeLocality?.region}/${first.nodeLocality?.zone}`,
          expected: `${node?.region}/${node?.zone}`,
        },
      ],
      cause: `${elsewhere.length} proxies of ${cluster.name} count themselves elsewhere than their nodes are: ${firstFew(elsewhere.map(({ pod }) => pod))}.`,
    };
  }),
};

const otherRegion: Check = {
  code: 'MP4104',
  title: 'The nodes of a cluster are in another region than the mesh file says',
  severity: 'warning',
  explanation:
    'The mesh file says in which region a cluster is, its nodes say another. Either the file is wrong, and promises about locality are judged against it; or nodes are labelled wrongly, and traffic prefers, or fails over to, the wrong place.',
  remedy: label,
  reference,
  needs: ['nodes'],
  explains: { mesh: ['MP4205'] },
  run: perCluster(function* (cluster) {
    const { region } = cluster.declared ?? {};
    if (region === undefined) return;
    const nodes = cluster.whole('nodes');
    const seen = [...new Set(nodes.map((node) => node.region))].filter((one) => one !== '');
    if (seen.length === 0 || seen.includes(region)) return;
    yield {
      object: `Node ${nodes[0]?.name}`,
      evidence: [{ what: 'regions of its nodes', seen: firstFew(seen), expected: region }],
      cause: `${cluster.name} should be in ${region}, but its nodes are in ${firstFew(seen)}.`,
    };
  }),
};

const gatewayNowhere: Check = {
  code: 'MP4105',
  title: 'Proxies know a gateway to another network in no locality',
  severity: 'warning',
  explanation:
    'istiod takes the locality of an endpoint from the node of its pod. It may hear of an EndpointSlice before it knows on which node the pod is, such as when it catches up after it was cut off from a cluster; the endpoint has no locality then, until the next change of the slice. Behind a gateway, endpoints become one for each locality, all with the address of the gateway, and Envoy keeps the first of them only, the one without a locality: the cluster gets less weight than it has pods, and is nobody’s region for failover.',
  remedy:
    'kubectl --context <peer> -n <namespace> annotate endpointslice -l kubernetes.io/service-name=<service> --overwrite touched="$(date)"\nkubectl --context <cluster> -n istio-system rollout restart deployment istiod',
  reference:
    'https://istio.io/latest/docs/ops/deployment/deployment-models/#endpoint-discovery-with-multiple-control-planes',
  needs: ['proxies', 'nodes', 'istiods'],
  explains: { mesh: ['MP4205'], cluster: ['MP4206'] },
  run: perCluster(function* (cluster, view) {
    yield* separately(view.clusters, function* (peer) {
      if (peer === cluster) return;
      const nodes = peer.whole('nodes');
      if (nodes.length === 0 || nodes.some(({ region }) => region === '')) return;
      const gateways = gatewaysOf(peer, cluster);
      const lost = cluster
        .seen('proxies')
        .flatMap(({ pod, upstreams }) =>
          upstreams
            .filter(({ endpoints }) =>
              endpoints.some((one) => one.region === '' && gateways.has(`${one.address}:${one.port}`)),
            )
            .map(({ host }) => ({ pod, host })),
        );
      const hosts = [...new Set(lost.map(({ host }) => host))];
      if (hosts.length === 0) return;
      const proxies = new Set(lost.map(({ pod }) => pod)).size;
      yield {
        peer: peer.name,
        object: `Service ${hosts[0]}`,
        evidence: [
          { what: 'services whose gateway endpoint has no locality', seen: hosts.length, expected: 0 },
          { what: 'proxies that have it so', seen: proxies, expected: 0 },
          {
            what: `regions of ${peer.name}'s nodes`,
            seen: firstFew([...new Set(nodes.map((one) => one.region))]),
          },
        ],
        cause: `${proxies} proxies of ${cluster.name} know the gateway of ${peer.name} in no locality, for ${firstFew(hosts)}.`,
      };
    });
  }),
};

/** Where a cluster's network is entered from another, as the mesh file and the other's istiods say: `address:port`. */
function gatewaysOf(peer: ClusterView, from: ClusterView): Set<string> {
  const known = from
    .seen('istiods')
    .flatMap(({ networks = [] }) => networks)
    .filter((one) => one.cluster === peer.name);
  const { eastWestGateway: declared } = peer.declared ?? {};
  return new Set(
    [...known, ...(declared ? [declared] : [])].map(({ address, port }) => `${address}:${port}`),
  );
}

export const localityChecks = [noRegion, noZone, proxyElsewhere, otherRegion, gatewayNowhere];
