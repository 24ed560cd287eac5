import type { ServiceRecord } from '../mesh/snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';

/** One service of the mesh, by cluster. Istio takes Services of one name and namespace for one. */
export interface MeshService {
  key: string;
  namespace: string;
  name: string;
  fqdn: string;
  in: { cluster: ClusterView; service: ServiceRecord }[];
  /** Clusters where it selects pods with a sidecar. */
  meshed: ClusterView[];
}

const known = new WeakMap<MeshView, MeshService[]>();

/** The services that have pods with a sidecar anywhere; made once a view. */
export function meshServices(view: MeshView): readonly MeshService[] {
  const before = known.get(view);
  if (before) return before;
  const byKey = new Map<string, MeshService['in']>();
  for (const cluster of view.clusters)
    for (const [key, service] of cluster.services) {
      const group = byKey.get(key);
      if (group) group.push({ cluster, service });
      else byKey.set(key, [{ cluster, service }]);
    }
  const services = [...byKey].flatMap(([key, group]): MeshService[] => {
    const meshed = group
      .filter(({ cluster, service }) => cluster.podsOf(service).some(({ sidecar }) => sidecar))
      .map(({ cluster }) => cluster);
    const first = group[0]?.service;
    if (meshed.length === 0 || !first) return [];
    const { namespace, name } = first;
    return [{ key, namespace, name, fqdn: `${name}.${namespace}.svc.cluster.local`, in: group, meshed }];
  });
  known.set(view, services);
  return services;
}
