import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { serviceOfHost } from '../destination-rules.ts';
import {
  labelledLocality,
  localityOfEntry,
  nameOfLocality,
  podLocalities,
  workloadLocalities,
} from '../facts/localities.ts';
import { perCluster } from '../per-cluster.ts';
import { selects } from '../pod-index.ts';
import { restartIstiod } from '../remedies.ts';
import { labels } from '../spec-reader.ts';
import { separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

const reference =
  'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/before-you-begin/';
const label =
  'kubectl --context <cluster> label node <node> topology.kubernetes.io/region=<region> topology.kubernetes.io/zone=<zone>';

const noRegion: Check = {
  code: 'MP4101',
  title: 'Nodes do not have a region',
  severity: 'warning',
  explanation:
    'Istio takes the locality of a pod from its label topology.istio.io/locality, or else from the labels topology.kubernetes.io/region and /zone of its node. Pods without both do not have a locality. Traffic does not prefer them, and failover between regions ignores them. If all pods on these nodes have the label, the finding is an info.',
  remedy: label,
  reference,
  needs: ['nodes', 'pods'],
  explains: { source: ['MP4206'], 'source and subject': ['MP4103'] },
  run: perCluster(function* (cluster) {
    const without = cluster.seen('nodes').filter(({ region }) => region === '');
    if (without.length === 0) return;
    const names = new Set(without.map(({ name }) => name));
    const affected = cluster
      .whole('pods')
      .filter((pod) => names.has(pod.node) && (pod.sidecar || pod.proxy) && !labelledLocality(pod.labels));
    yield {
      ...(affected.length > 0 ? {} : { severity: 'info' as const }),
      object: `Node ${without[0]?.name}`,
      covers: without.map(({ name }) => `node ${name}`),
      evidence: [
        {
          what: 'nodes with a region',
          seen: cluster.seen('nodes').length - without.length,
          expected: cluster.seen('nodes').length,
        },
        { what: 'pods with a proxy and without a locality', seen: affected.length, expected: 0 },
      ],
      cause: `${without.length} of ${cluster.seen('nodes').length} nodes of ${cluster.name} do not have a region: ${firstFew(without.map(({ name }) => name))}.`,
    };
  }),
};

const noZone: Check = {
  code: 'MP4102',
  title: 'Nodes have a region but not a zone',
  severity: 'info',
  explanation:
    'Within a region, traffic prefers its own zone and fails over to others. Pods on nodes without a zone are all in one zone, so there is nothing to prefer.',
  remedy: label,
  reference,
  needs: ['nodes'],
  run: perCluster(function* (cluster) {
    const without = cluster.seen('nodes').filter(({ region, zone }) => region !== '' && zone === '');
    if (without.length > 0)
      yield {
        object: `Node ${without[0]?.name}`,
        evidence: [{ what: 'nodes without a zone', seen: without.length, expected: 0 }],
        cause: `${without.length} nodes of ${cluster.name} do not have a zone: ${firstFew(without.map(({ name }) => name))}.`,
      };
  }),
};

const proxyElsewhere: Check = {
  code: 'MP4103',
  title: 'Proxies have another locality than their node',
  severity: 'warning',
  explanation:
    'A proxy gets its locality when it starts. If the labels of its node changed later, the proxy still prefers its old locality. A restart of the pod corrects that. The label topology.istio.io/locality of a pod, or its older name istio-locality, counts instead of the node.',
  remedy: 'kubectl --context <cluster> -n <namespace> rollout restart deployment <deployment>',
  reference: 'https://istio.io/latest/docs/tasks/traffic-management/locality-load-balancing/',
  needs: ['proxies', 'nodes', 'pods'],
  run: perCluster(function* (cluster) {
    const localityOf = podLocalities(cluster);
    const pods = new Map(cluster.seen('pods').map((pod) => [keyOf(pod), pod]));
    const elsewhere = cluster.seen('proxies').flatMap(({ namespace, pod, nodeLocality: seen }) => {
      const own = pods.get(`${namespace}/${pod}`);
      const expected = own && seen && localityOf(own);
      return expected && (seen.region !== expected.region || seen.zone !== expected.zone)
        ? [{ namespace, pod, node: own.node, seen, expected }]
        : [];
    });
    const first = elsewhere[0];
    if (!first) return;
    yield {
      object: `Pod ${first.namespace}/${first.pod}`,
      subject: elsewhere.map(({ node }) => `node ${node}`),
      evidence: [
        { what: 'proxies in another locality', seen: elsewhere.length, expected: 0 },
        { what: 'locality', seen: nameOfLocality(first.seen), expected: nameOfLocality(first.expected) },
      ],
      cause: `${elsewhere.length} proxies of ${cluster.name} have another locality than their nodes: ${firstFew(elsewhere.map(({ pod }) => pod))}.`,
    };
  }),
};

const otherRegion: Check = {
  code: 'MP4104',
  title: 'The nodes of a cluster are in another region than in the mesh file',
  severity: 'warning',
  explanation:
    'The region of the cluster in the mesh file is not the region of its nodes. If the file is wrong, meshproof judges locality against the wrong region. If the labels are wrong, traffic prefers the wrong place or fails over to it.',
  remedy: label,
  reference,
  needs: ['nodes', 'pods', 'resources'],
  explains: { 'mesh and subject': ['MP4204', 'MP4205'] },
  run: perCluster(function* (cluster) {
    const { region } = cluster.declared ?? {};
    if (region === undefined || !cluster.declares('region')) return;
    const nodes = cluster.whole('nodes');
    const seen = [...new Set(nodes.map((node) => node.region))].filter((one) => one !== '');
    if (seen.length === 0 || seen.includes(region)) return;
    // The labels of pods override those of nodes.
    if (workloadLocalities(cluster).some((one) => one.region === region)) return;
    yield {
      object: `Node ${nodes[0]?.name}`,
      covers: [`region ${region}`],
      evidence: [{ what: 'regions of its nodes', seen: firstFew(seen), expected: region }],
      cause: `The mesh file has ${cluster.name} in ${region}, but its nodes are in ${firstFew(seen)}.`,
    };
  }),
};

const gatewayWithoutLocality: Check = {
  code: 'MP4105',
  title: 'Proxies have a gateway endpoint without a locality',
  severity: 'warning',
  explanation:
    'istiod takes the locality of an endpoint from the node of its pod. If istiod reads an EndpointSlice before the node, as after a reconnect, the endpoint does not get a locality. This lasts until the slice changes. Behind a gateway, Envoy keeps only the first endpoint, which is then the one without a locality. The cluster gets less weight than it has pods, and failover by region ignores it.',
  remedy: `kubectl --context <peer> -n <namespace of the service> annotate endpointslice -l kubernetes.io/service-name=<its name> --overwrite touched="$(date)"\n${restartIstiod}`,
  reference:
    'https://istio.io/latest/docs/ops/deployment/deployment-models/#endpoint-discovery-with-multiple-control-planes',
  needs: ['proxies', 'nodes', 'istiods', 'services', 'resources'],
  run: perCluster(function* (cluster, view) {
    yield* separately(view.clusters, function* (peer) {
      if (peer === cluster) return;
      const nodes = peer.whole('nodes');
      if (nodes.length === 0 || nodes.some(({ region }) => region === '')) return;
      const gateways = gatewaysOf(peer, cluster);
      const bare = cluster
        .seen('proxies')
        .flatMap(({ pod, upstreams }) =>
          upstreams
            .filter(({ endpoints }) =>
              endpoints.some((one) => one.region === '' && gateways.has(`${one.address}:${one.port}`)),
            )
            .map(({ host }) => ({ pod, host })),
        );
      const hosts = [...new Set(bare.map(({ host }) => host))].filter((host) => hasOnlyPods(peer, host));
      if (hosts.length === 0) return;
      const proxies = new Set(bare.filter(({ host }) => hosts.includes(host)).map(({ pod }) => pod)).size;
      yield {
        peer: peer.name,
        object: `Service ${hosts[0]}`,
        evidence: [
          { what: 'services whose gateway endpoint has no locality', seen: hosts.length, expected: 0 },
          { what: 'proxies with such an endpoint', seen: proxies, expected: 0 },
          {
            what: `regions of ${peer.name}'s nodes`,
            seen: firstFew([...new Set(nodes.map((one) => one.region))]),
          },
        ],
        cause: `${proxies} proxies of ${cluster.name} have the gateway of ${peer.name} without a locality, for ${firstFew(hosts)}.`,
      };
    });
  }),
};

/** Whether the endpoints of a host in a cluster are pods: a WorkloadEntry without a locality is by design without one. Throws NotRead. */
function hasOnlyPods(cluster: ClusterView, host: string): boolean {
  const service = cluster.service(serviceOfHost(host) ?? '');
  if (!service || Object.keys(service.selector).length === 0) return false;
  return !cluster
    .resources('WorkloadEntry')
    .some(
      ({ namespace, spec }) =>
        namespace === service.namespace &&
        selects(service.selector, labels(spec['labels'])) &&
        !localityOfEntry(spec),
    );
}

/** The gateways of a cluster as `address:port`, from the mesh file and from the istiods of another cluster. */
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

export const localityChecks = [noRegion, noZone, proxyElsewhere, otherRegion, gatewayWithoutLocality];
