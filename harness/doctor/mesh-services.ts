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
  /** All clusters have the same ports and type of it: true of nearly all services of a mesh. */
  alike: boolean;
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
    const alike = group.every(({ service }) => isAlike(first, service));
    return [
      { key, namespace, name, fqdn: `${name}.${namespace}.svc.cluster.local`, in: group, meshed, alike },
    ];
  });
  known.set(view, services);
  return services;
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
