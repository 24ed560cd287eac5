import type { MeshFile } from './mesh-file.ts';

/** A service and the clusters that have pods of it, each with how many. */
export interface Placement {
  service: string;
  /** Only clusters with at least one pod. */
  pods: Readonly<Record<string, number>>;
}

/** The clusters in which the mesh file has pods of each service; services without pods are absent. */
export function placements(file: MeshFile): Placement[] {
  return file.services
    .map(({ name, pods }) => ({
      service: name,
      pods: Object.fromEntries(Object.entries(pods).filter(([, count]) => count > 0)),
    }))
    .filter(({ pods }) => Object.keys(pods).length > 0);
}

/** Services that have pods, but none in a cluster: a caller there is answered by another cluster or not at all. */
export function remoteOnly(file: MeshFile, cluster: string): Placement[] {
  return placements(file).filter(({ pods }) => pods[cluster] === undefined);
}

/** Services that have pods in several clusters. */
export function shared(file: MeshFile): Placement[] {
  return placements(file).filter(({ pods }) => Object.keys(pods).length > 1);
}

/** For each other cluster, the first service that has pods there and nowhere else: calls to it cross to that cluster. */
export function crossings(file: MeshFile, caller: string): { cluster: string; service: string }[] {
  return file.clusters
    .filter(({ name }) => name !== caller)
    .flatMap(({ name }) => {
      const only = remoteOnly(file, caller).find(({ pods }) =>
        Object.keys(pods).every((one) => one === name),
      );
      return only ? [{ cluster: name, service: only.service }] : [];
    });
}
