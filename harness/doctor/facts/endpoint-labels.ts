import type { PodRecord, ServiceRecord } from '../../snapshot/schema.ts';
import { networkLabel, type ClusterView } from '../cluster-view.ts';
import { selects } from '../pod-index.ts';
import { labels } from '../spec-reader.ts';
import { localityOfEntry, podLocalities, type Locality } from './localities.ts';

/** The labels of an endpoint; a label may have several values if the snapshot does not decide between them. */
export type EndpointLabels = Readonly<Record<string, readonly string[]>>;

/** The labels that istiod adds to the endpoints of a cluster: AugmentLabels in its registry. */
function addedLabels(
  cluster: ClusterView,
  at: Locality | undefined,
  networks: readonly (string | undefined)[],
): EndpointLabels {
  const some = (...values: (string | undefined)[]) =>
    values.filter((value) => value !== undefined && value !== '') as string[];
  return {
    'topology.kubernetes.io/region': some(at?.region),
    'topology.kubernetes.io/zone': some(at?.zone),
    'topology.istio.io/subzone': some(at?.subzone),
    'topology.istio.io/cluster': some(cluster.name, cluster.install?.clusterName),
    [networkLabel]: some(...networks, cluster.install?.network, cluster.declared?.network),
  };
}

const asLists = (own: Readonly<Record<string, string>>): EndpointLabels =>
  Object.fromEntries(Object.entries(own).map(([name, value]) => [name, [value]]));

/** The labels of the endpoints of a Service in its cluster: pods, and WorkloadEntries that its selector selects. Throws NotRead. */
export function endpointLabels(cluster: ClusterView, service: ServiceRecord): EndpointLabels[] {
  const localityOf = podLocalities(cluster);
  const ofPod = (pod: PodRecord): EndpointLabels => ({
    ...addedLabels(cluster, localityOf(pod), [
      cluster.namespaces.get(pod.namespace)?.labels[networkLabel],
      pod.proxy?.network,
      cluster.networkLabelled,
    ]),
    'kubernetes.io/hostname': [pod.node],
    ...asLists(pod.labels),
  });
  const entries = cluster
    .resources('WorkloadEntry')
    .map(({ namespace, spec }) => ({ namespace, spec, own: labels(spec['labels']) }))
    .filter(
      ({ namespace, own }) =>
        namespace === service.namespace &&
        Object.keys(service.selector).length > 0 &&
        selects(service.selector, own),
    );
  return [
    ...cluster.podsOf(service).map(ofPod),
    ...entries.map(({ spec, own }) => ({
      ...addedLabels(cluster, localityOfEntry(spec), [
        typeof spec['network'] === 'string' ? spec['network'] : undefined,
      ]),
      ...asLists(own),
    })),
  ];
}

/** Whether a subset selects an endpoint. */
export const selectsEndpoint = (
  subset: Readonly<Record<string, string>>,
  endpoint: EndpointLabels,
): boolean => Object.entries(subset).every(([name, value]) => endpoint[name]?.includes(value));
