import type { PodRecord, ProxyRecord } from '../../snapshot/schema.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { labels, tables, text, type Table } from '../spec-reader.ts';

/** A place by region, zone and subzone; an empty string if a part is not set. */
export interface Locality {
  region: string;
  zone: string;
  subzone: string;
}

type Labels = Readonly<Record<string, string>>;

/** The labels that override the locality of a node, the first one that exists: GetLocalityLabel in Istio's pkg/model/proxy.go. */
const localityLabels = ['topology.istio.io/locality', 'istio-locality'];

/** A locality that is written as `region/zone/subzone`. */
export function parseLocality(given: string): Locality {
  const [region = '', zone = '', subzone = ''] = given.split('/');
  return { region, zone, subzone };
}

/** A locality as in rules; empty without a region, a zone and a subzone. */
export const nameOfLocality = ({ region, zone, subzone }: Locality): string =>
  region + zone + subzone === '' ? '' : `${region}/${zone}/${subzone}`;

/** The locality that labels state; undefined without such a label. A label cannot contain a slash, so dots separate its parts. */
export function labelledLocality(of: Labels): Locality | undefined {
  const label = localityLabels.find((name) => name in of);
  const value = label === undefined ? undefined : of[label];
  return value ? parseLocality(value.includes('/') ? value : value.replaceAll('.', '/')) : undefined;
}

/** The localities of the pods of a cluster, as istiod reads them: by the label of the pod, otherwise by its node. Throws NotRead. */
export function podLocalities(cluster: ClusterView): (pod: PodRecord) => Locality | undefined {
  let nodes: ReadonlyMap<string, Locality> | undefined; // read only if a pod does not have the label
  return ({ labels: own, node }) => {
    const labelled = labelledLocality(own);
    if (labelled) return labelled;
    nodes ??= new Map(cluster.whole('nodes').map((one) => [one.name, one]));
    return nodes.get(node);
  };
}

/**
 * The localities of the proxies of a cluster. As in Istio's localityFromProxyLabels, the locality that a proxy reports counts only if the
 * pod and its node do not have a locality. Throws NotRead.
 */
export function proxyLocalities(cluster: ClusterView): (proxy: ProxyRecord) => Locality | undefined {
  const localityOf = podLocalities(cluster);
  let pods: ReadonlyMap<string, PodRecord> | undefined;
  return ({ namespace, pod, nodeLocality }) => {
    pods ??= new Map(cluster.whole('pods').map((one) => [keyOf(one), one]));
    const own = pods.get(`${namespace}/${pod}`);
    const registered = own && localityOf(own);
    return registered && nameOfLocality(registered) !== '' ? registered : nodeLocality;
  };
}

/** The locality of a WorkloadEntry, or of an endpoint of a ServiceEntry: its field, otherwise a label. */
export function localityOfEntry(entry: Table): Locality | undefined {
  const own = text(entry['locality']);
  return own ? parseLocality(own) : labelledLocality(labels(entry['labels']));
}

/** The localities of workloads that a cluster registers without a pod. Throws NotRead. */
const entryLocalities = (cluster: ClusterView): Locality[] =>
  [
    ...cluster.resources('WorkloadEntry').map(({ spec }) => spec),
    ...cluster.resources('ServiceEntry').flatMap(({ spec }) => tables(spec['endpoints'])),
  ].flatMap((entry) => localityOfEntry(entry) ?? []);

/**
 * The localities of the workloads of a cluster: its pods with a proxy, its nodes without such a pod, its WorkloadEntries, and the endpoints
 * of ServiceEntries. Throws NotRead.
 */
export function workloadLocalities(cluster: ClusterView): Locality[] {
  const localityOf = podLocalities(cluster);
  const pods = cluster.whole('pods').filter(({ sidecar, proxy }) => sidecar || proxy);
  const inUse = new Set(pods.map(({ node }) => node));
  const idle = cluster.whole('nodes').filter(({ name }) => !inUse.has(name));
  return [...pods.flatMap((pod) => localityOf(pod) ?? []), ...idle, ...entryLocalities(cluster)];
}

/** The regions of the mesh: those of its workloads, and those of the endpoints that its istiods hold. Throws NotRead. */
export const regionsOf = keptFor(
  (view: MeshView) => {
    for (const cluster of view.everyCluster()) {
      for (const part of ['nodes', 'pods'] as const) cluster.whole(part);
      for (const kind of ['WorkloadEntry', 'ServiceEntry']) cluster.resources(kind);
      cluster.seen('istiods');
    }
  },
  (view): ReadonlySet<string> =>
    new Set(view.clusters.flatMap(regionsOfCluster).filter((region) => region !== '')),
);

const regionsOfCluster = (cluster: ClusterView): string[] => [
  ...workloadLocalities(cluster).map(({ region }) => region),
  ...cluster
    .seen('istiods')
    .flatMap(({ shards = [] }) => shards)
    .flatMap(({ localities }) => localities.map((one) => parseLocality(one).region)),
];

/**
 * Whether a region may be the region of nodes without a label: the mesh file gives it to their cluster, or the file does not give a region
 * to their cluster. Throws NotRead.
 */
export const mayBeUnlabelled = (view: MeshView, region: string): boolean =>
  view.everyCluster().some((cluster) => {
    if (!cluster.whole('nodes').some((node) => node.region === '')) return false;
    return !cluster.declares('region') || cluster.declared?.region === region;
  });
