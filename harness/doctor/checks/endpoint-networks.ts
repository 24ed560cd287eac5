import type { IstiodRecord, ShardRecord } from '../../snapshot/schema.ts';
import type { Check, Sighting } from '../check.ts';
import { networkLabel, type ClusterView } from '../cluster-view.ts';
import { serviceOfHost } from '../destination-rules.ts';
import {
  clusterNamed,
  hasGatewayOrCluster,
  isMeshed,
  isNetworkOf,
  networkSubject,
  wrongInjectedNetworks,
} from '../facts/networks.ts';
import { firstFew } from '../format-values.ts';
import { callsThrough } from '../gateways.ts';
import type { MeshView } from '../mesh-view.ts';
import { selects } from '../pod-index.ts';
import { labels, table, text } from '../spec-reader.ts';
import { separately } from '../unread.ts';

const endpointsElsewhere: Check = {
  code: 'MP3506',
  title: 'An istiod assigns endpoints to the wrong network',
  severity: 'error',
  explanation:
    'The network of an endpoint decides whether a proxy calls it directly or through a gateway. Without a network, or with a wrong one, proxies call the endpoint directly. Such calls time out, or reach another pod with the same address.',
  remedy:
    'kubectl --context <cluster> get namespace <system namespace> --show-labels\nkubectl --context <cluster> -n <namespace of the service> get pods -L topology.istio.io/network',
  reference: 'https://istio.io/latest/docs/ops/deployment/deployment-models/#network-models',
  needs: ['istiods', 'services', 'pods', 'resources', 'installs', 'workloads', 'webhooks'],
  explains: { 'pair and subject': ['MP3602', 'MP3402'] },
  run: function* (view) {
    if (!view.multiNetwork) return;
    yield* separately(view.primaries, function* (reader) {
      for (const istiod of reader.seen('istiods'))
        yield* separately(
          Map.groupBy(istiod.shards ?? [], ({ cluster }) => cluster),
          function* ([from, shards]) {
            const name = clusterNamed(view, from);
            const wanted = view.declaredNetwork(name);
            if (wanted === undefined) return;
            const isExpected = expectedNetworks(view, name);
            const wrong = shards.filter(
              (shard) =>
                isMeshed(shard) && shard.networks.some((one) => one !== wanted && !isExpected(shard, one)),
            );
            if (wrong.length > 0) yield assignsWrongly(reader, istiod, { name, wanted }, wrong);
          },
        );
    });
  },
};

function assignsWrongly(
  reader: ClusterView,
  istiod: IstiodRecord,
  { name, wanted }: { name: string; wanted: string },
  wrong: readonly ShardRecord[],
): Sighting {
  const networks = wrong.flatMap((shard) => shard.networks.filter((one) => one !== wanted));
  const seen = firstFew([...new Set(networks.map((one) => one || 'none'))]);
  return {
    cluster: reader.name,
    ...(name === reader.name ? {} : { peer: name }),
    object: `Pod ${istiod.namespace}/${istiod.pod}`,
    subject: [...new Set(networks.map(networkSubject))],
    covers: wrong.flatMap(({ host }) => {
      const key = serviceOfHost(host) ?? host;
      return [key, callsThrough('*', key)];
    }),
    evidence: [
      { what: `services of ${name} with endpoints on other networks`, seen: wrong.length, expected: 0 },
      { what: 'services', seen: firstFew(wrong.map(({ host }) => host)) },
      { what: 'networks', seen, expected: wanted },
    ],
    remedy: [
      `kubectl --context ${name} get namespace ${istiod.namespace} --show-labels`,
      ...[...new Set(wrong.map(({ namespace }) => namespace))].map(
        (one) => `kubectl --context ${name} -n ${one} get pods -L ${networkLabel}`,
      ),
    ].join('\n'),
    cause: `istiod of ${reader.name} assigns endpoints of ${wrong.length} services of ${name} to ${seen}, not ${wanted}.`,
  };
}

/** Whether a network of a shard is expected: another network of the cluster, or the network of a label or a WorkloadEntry. */
function expectedNetworks(view: MeshView, name: string): (shard: ShardRecord, network: string) => boolean {
  let injected: Set<string> | undefined; // read only if endpoints are on another network
  return ({ host }, network) => {
    const cluster = view.answered(name);
    if (network !== '' && isNetworkOf(view, cluster, network)) return true;
    const service = cluster.service(serviceOfHost(host) ?? '');
    if (!service) return false;
    if (isOfEntry(cluster, service, network)) return true;
    injected ??= new Set(wrongInjectedNetworks(view, cluster).map((one) => one.network));
    return (
      !injected.has(network) &&
      cluster.podsOf(service).some((pod) => pod.labels[networkLabel] === network) &&
      hasGatewayOrCluster(view, cluster, network)
    );
  };
}

/** Whether a Service selects a WorkloadEntry on a network. istiod takes the network of the entry as it is. Throws NotRead. */
const isOfEntry = (
  cluster: ClusterView,
  { namespace, selector }: { namespace: string; selector: Record<string, string> },
  network: string,
): boolean =>
  Object.keys(selector).length > 0 &&
  cluster
    .resources('WorkloadEntry')
    .some(
      (entry) =>
        entry.namespace === namespace &&
        selects(selector, labels(table(entry.spec)['labels'])) &&
        (text(entry.spec['network']) ?? '') === network,
    );

export const endpointNetworkChecks = [endpointsElsewhere];
