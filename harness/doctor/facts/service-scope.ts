import type { MeshSettings, ServiceRecord } from '../../snapshot/schema.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { covers, serviceOfHost } from '../destination-rules.ts';
import { clusterSetDomain, domainOf } from '../dns-domain.ts';
import { keptFor } from '../kept.ts';
import type { MeshView } from '../mesh-view.ts';

/** The setting that keeps calls to a service inside the cluster of the caller. */
export type KeptBy = 'serviceSettings' | 'ENABLE_MCS_SERVICE_DISCOVERY';

/** The setting that hides the endpoints of a host in a cluster from callers in other clusters, if there is one. Throws NotRead. */
export type Scope = (host: string, read: string) => KeptBy | undefined;

/**
 * The scope of services for the callers that the istiods of a cluster configure, as in Istio's EndpointBuilder: `serviceSettings` first,
 * then Kubernetes' Multi-Cluster Services (MCS). Settings of the cluster with the endpoints do not count. Throws NotRead.
 */
export const scopeOf = keptFor((_view: MeshView, plane: ClusterView) => {
  mcsOf(plane);
  return plane.settings;
}, makeScope);

function makeScope(view: MeshView, plane: ClusterView): Scope {
  const isLocal = clusterLocalHosts(plane.settings, domainOf(view));
  const mcs = mcsOf(plane);
  return (host, read) => {
    if (isLocal(host)) return 'serviceSettings';
    const isHidden =
      mcs.exported && ((mcs.usual && !host.endsWith(clusterSet)) || !isExported(view, host, read));
    return isHidden ? 'ENABLE_MCS_SERVICE_DISCOVERY' : undefined;
  };
}

/** The hosts that Istio keeps inside each cluster unless an entry of `serviceSettings` says otherwise. */
function localByDefault(settings: MeshSettings | undefined, domain: string): string[] {
  const istiod = (settings?.discoveryAddress ?? 'istiod.istio-system.svc:15012').replace(/:\d+$/, '');
  return [
    `*.kube-system.svc.${domain}`,
    `kubernetes.default.svc.${domain}`,
    istiod.endsWith(domain) ? istiod : `${istiod}.${domain}`,
  ];
}

/** Whether mesh settings keep a host inside the cluster of its caller. The most specific host decides, then the last entry. */
export function clusterLocalHosts(
  settings: MeshSettings | undefined,
  domain: string,
): (host: string) => boolean {
  const given = settings?.serviceSettings ?? [
    { hosts: settings?.clusterLocalHosts ?? [], clusterLocal: true },
  ];
  const local = new Map(
    given.flatMap(({ hosts, clusterLocal }) => hosts.map((host) => [host, clusterLocal] as const)),
  );
  const shared = [...local].filter(([, isLocal]) => !isLocal).map(([host]) => host);
  for (const host of localByDefault(settings, domain))
    if (!shared.some((one) => covers(host, one))) local.set(host, true);
  const wildcards = [...local]
    .filter(([host]) => host.startsWith('*'))
    .toSorted(([a], [b]) => b.length - a.length);
  return (host) => local.get(host) ?? wildcards.find(([one]) => covers(one, host))?.[1] ?? false;
}

const clusterSet = `.svc.${clusterSetDomain}`;

/** Whether an environment variable of istiod is true, as Go reads it. */
const isOn = (value: string | undefined): boolean => /^(?:1|t|true)$/i.test(value ?? '');

/** The part of MCS that an istiod follows: `exported` hides services that are not exported, `usual` also the usual host of all services. */
interface Mcs {
  exported: boolean;
  usual: boolean;
}

/** Throws NotRead. */
function mcsOf(plane: ClusterView): Mcs {
  const env = plane.install?.env ?? {};
  const discovery = env['ENABLE_MCS_SERVICE_DISCOVERY'];
  if (discovery !== undefined)
    return { exported: isOn(discovery), usual: isOn(discovery) && isOn(env['ENABLE_MCS_CLUSTER_LOCAL']) };
  // Earlier versions did not record the variables. With them, istiod has a second host of every service.
  const isEnabled = plane
    .seen('istiods')
    .some(({ shards = [] }) => shards.slice(0, 1000).some(({ host }) => host.endsWith(clusterSet)));
  return { exported: isEnabled, usual: isEnabled };
}

/** Whether a cluster exports the service of a host to other clusters. Throws NotRead. */
const isExported = (view: MeshView, host: string, from: string): boolean =>
  exportsOf(view.answered(from)).has(serviceOfHost(host) ?? '');

/** The services that a cluster exports to other clusters. Throws NotRead. */
const exportsOf = keptFor(
  (cluster: ClusterView) => cluster.resources('ServiceExport'),
  (cluster): ReadonlySet<string> => new Set(cluster.resources('ServiceExport').map(keyOf)),
);

/** The namespaces to which a cluster exports Services without an annotation. Throws NotRead. */
export const defaultExports = (plane: ClusterView): readonly string[] =>
  plane.settings?.defaultExportTo.service ?? [];

/** Whether a Service is visible in a namespace, by its annotation or by the default of the mesh settings. Throws NotRead. */
export function isExportedTo(
  plane: ClusterView,
  service: ServiceRecord,
  namespace: string,
  byDefault = defaultExports(plane),
): boolean {
  const annotated = service.annotations['networking.istio.io/exportTo']
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const to = annotated?.length ? annotated : byDefault.length > 0 ? byDefault : ['*'];
  if (to.includes('*')) return true;
  if (to.includes('~')) return false;
  return to.includes(namespace) || (to.includes('.') && namespace === service.namespace);
}
