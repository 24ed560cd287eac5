import type { ServiceRecord } from '../snapshot/schema.ts';
import { keyOf, type ClusterView } from './cluster-view.ts';
import { domainOf } from './dns-domain.ts';
import type { MeshView } from './mesh-view.ts';
import { keptFor } from './kept.ts';
import { fromReadable } from './unread.ts';

/** One service of the mesh, by cluster. For Istio, Services with the same name and namespace are one service. */
export interface MeshService {
  key: string;
  namespace: string;
  name: string;
  fqdn: string;
  in: { cluster: ClusterView; service: ServiceRecord }[];
  /** The clusters where it is known to select pods with a sidecar. */
  meshed: ClusterView[];
  /** All its Services have the same ports and type; true of nearly all services of a mesh. */
  alike: boolean;
}

/**
 * The services that have pods with a sidecar in any cluster; made once a view. A cluster whose services or pods were not read is
 * left out: more clusters may have the service. See {@link meshServicesEverywhere}.
 */
export const meshServices = keptFor((view: MeshView) => {
  for (const cluster of view.clusters) for (const part of ['services', 'pods'] as const) cluster.seen(part);
}, findServices);

function findServices(view: MeshView): readonly MeshService[] {
  const domain = domainOf(view);
  const byKey = new Map<string, MeshService['in']>();
  for (const cluster of view.clusters)
    for (const service of cluster.seen('services')) {
      const key = keyOf(service);
      const group = byKey.get(key);
      if (group) group.push({ cluster, service });
      else byKey.set(key, [{ cluster, service }]);
    }
  return [...byKey].flatMap(([key, group]): MeshService[] => {
    const meshed = fromReadable(group, ({ cluster, service }) =>
      cluster.podsOf(service).some(({ sidecar }) => sidecar) ? [cluster] : [],
    );
    const first = group[0]?.service;
    if (meshed.length === 0 || !first) return [];
    const { namespace, name } = first;
    const alike = group.every(({ service }) => isAlike(first, service));
    return [{ key, namespace, name, fqdn: `${name}.${namespace}.svc.${domain}`, in: group, meshed, alike }];
  });
}

const servicesByCluster = keptFor(
  (view: MeshView) => meshServices(view),
  (view): ReadonlyMap<ClusterView, readonly MeshService[]> => {
    const byCluster = new Map<ClusterView, MeshService[]>(view.clusters.map((cluster) => [cluster, []]));
    for (const service of meshServices(view))
      for (const cluster of service.meshed) byCluster.get(cluster)?.push(service);
    return byCluster;
  },
);

/** The services that are known to select pods with a sidecar in a cluster. */
export const servicesMeshedIn = (view: MeshView, cluster: ClusterView): readonly MeshService[] =>
  servicesByCluster(view).get(cluster) ?? [];

/** The same services, if all clusters of the mesh were read. Throws NotRead. */
export function meshServicesEverywhere(view: MeshView): readonly MeshService[] {
  for (const cluster of view.everyCluster())
    for (const part of ['services', 'pods'] as const) cluster.whole(part);
  return meshServices(view);
}

const isAlike = (a: ServiceRecord, b: ServiceRecord): boolean =>
  a.type === b.type &&
  a.headless === b.headless &&
  a.ports.length === b.ports.length &&
  a.ports.every((port, index) => {
    const other = b.ports[index];
    return (
      port.port === other?.port &&
      port.name === other.name &&
      port.protocol === other.protocol &&
      port.appProtocol === other.appProtocol
    );
  });
