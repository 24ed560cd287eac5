import type { PodRecord, ServiceRecord } from '../../snapshot/schema.ts';
import type { ClusterView } from '../cluster-view.ts';
import { covers } from '../destination-rules.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';
import { selects } from '../pod-index.ts';
import { labels, table, tables, texts } from '../spec-reader.ts';
import { fromReadable } from '../unread.ts';
import { isExportedTo } from './service-scope.ts';

/**
 * The cluster whose istiods configure the proxies of a cluster: itself, or for a cluster without an istiod, a primary to which its
 * proxies are connected. Undefined if that is not known. Throws NotRead.
 */
export function planeOf(view: MeshView, cluster: ClusterView): ClusterView | undefined {
  return cluster.hasIstiod ? cluster : remotePlaneOf(view, cluster);
}

const remotePlaneOf = keptFor(
  (view: MeshView, _cluster: ClusterView) => {
    for (const primary of view.primaries) primary.seen('istiods');
  },
  (view, cluster): ClusterView | undefined => {
    const isConnected = (primary: ClusterView) =>
      primary
        .seen('istiods')
        .some((istiod) => istiod.connected?.some((proxy) => proxy.cluster === cluster.name));
    const connected = view.primaries.find(isConnected);
    if (connected) return connected;
    const [only, ...others] = view.everyPrimary();
    return others.length === 0 ? only : undefined;
  },
);

/** A service as its callers name it. */
export interface Called {
  namespace: string;
  fqdn: string;
  /** One Service of each cluster that has it. */
  in: readonly { cluster: ClusterView; service: ServiceRecord }[];
}

/**
 * The pods of a cluster that are expected to call a service: pods with a sidecar in its namespace, if neither exportTo nor a Sidecar
 * hides the service from them. Pods of other namespaces may call it too. Throws NotRead.
 */
export function callersOf(
  view: MeshView,
  cluster: ClusterView,
  { namespace, fqdn, in: all }: Called,
): readonly PodRecord[] {
  const meshed = cluster.namespaces.has(namespace)
    ? cluster.pods.in(namespace).filter(({ sidecar }) => sidecar)
    : [];
  const plane = meshed.length > 0 ? planeOf(view, cluster) : undefined;
  const first = all.find((one) => one.cluster === plane) ?? all[0];
  if (!plane || (first && !isExportedTo(plane, first.service, namespace))) return [];
  const imports = importsOf(plane);
  return meshed.filter((pod) => imports(pod, namespace, fqdn));
}

/**
 * Whether any pod with a sidecar in a cluster knows a service, in whatever namespace: neither exportTo nor a Sidecar hides it. Throws
 * NotRead.
 */
export function isKnownToCallers(
  view: MeshView,
  cluster: ClusterView,
  { namespace, fqdn, in: all }: Called,
): boolean {
  const plane = planeOf(view, cluster);
  const service = (all.find((one) => one.cluster === plane) ?? all[0])?.service;
  if (!plane || !service) return false;
  const imports = importsOf(plane);
  return cluster
    .whole('pods')
    .some(
      (pod) => pod.sidecar && isExportedTo(plane, service, pod.namespace) && imports(pod, namespace, fqdn),
    );
}

interface Import {
  namespace: string;
  selector: Readonly<Record<string, string>>;
  hosts: string[];
}

/** The hosts that Sidecars of a cluster import, by namespace. Throws NotRead. */
const importsIn = keptFor(
  (plane: ClusterView) => plane.resources('Sidecar'),
  (plane): ReadonlyMap<string, readonly Import[]> =>
    Map.groupBy(
      plane.resources('Sidecar').map(({ namespace, spec }) => ({
        namespace,
        selector: labels(table(spec['workloadSelector'])['labels']),
        hosts: tables(spec['egress']).flatMap((one) => texts(one['hosts'])),
      })),
      ({ namespace }) => namespace,
    ),
);

/** Whether a pod knows the services of a namespace by their host: a Sidecar of an istiod's cluster may hide them. Throws NotRead. */
function importsOf(plane: ClusterView): (pod: PodRecord, namespace: string, host: string) => boolean {
  const sidecars = importsIn(plane);
  if (sidecars.size === 0) return () => true;
  const root = plane.rootNamespace;
  const isWide = ({ selector }: Import) => Object.keys(selector).length === 0;
  return (pod, namespace, host) => {
    const own = sidecars.get(pod.namespace) ?? [];
    const scope =
      own.find((one) => !isWide(one) && selects(one.selector, pod.labels)) ??
      own.find(isWide) ??
      sidecars.get(root)?.find(isWide);
    return !scope || scope.hosts.length === 0 || coveredBy(scope.hosts, pod.namespace, namespace, host);
  };
}

/** Whether hosts of a Sidecar, "namespace/host", cover a host. A host after "~" is excluded. */
function coveredBy(hosts: readonly string[], own: string, namespace: string, host: string): boolean {
  const matching = (given: string) => {
    const [from = '', name = ''] = given.split('/');
    return (from === '*' || (from === '.' ? own : from) === namespace) && covers(name, host);
  };
  return (
    hosts.some((one) => !one.startsWith('~') && matching(one)) &&
    !hosts.some((one) => one.startsWith('~') && matching(one.slice(1)))
  );
}

/** Whether the sidecar of a pod answers DNS queries for the services of the mesh. Throws NotRead. */
export function capturesDns(plane: ClusterView, { proxy }: PodRecord): boolean {
  return (
    proxy?.dnsCapture ?? plane.settings?.proxyMetadata?.['ISTIO_META_DNS_CAPTURE']?.toLowerCase() === 'true'
  );
}

/** The clusters with workloads, each with the cluster of its istiods, if that is known. */
export const callingClusters = (view: MeshView): { cluster: ClusterView; plane: ClusterView }[] =>
  fromReadable(view.dataPlanes, (cluster) => {
    const plane = planeOf(view, cluster);
    return plane ? [{ cluster, plane }] : [];
  });
