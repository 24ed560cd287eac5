import { quoted, type Problem } from './invalid-file.ts';
import type { PartialMesh } from './mesh-file.ts';
import { namesTwice, unknownName } from './topology-checks.ts';

/** The problems between the fields of a mesh file, each of which is well-formed by itself. */
export function checkMeshFile({ clusters, services = [] }: PartialMesh): Problem[] {
  const names = clusters.flatMap(({ name }) => name ?? []);
  return [
    ...namesTwice(clusters, ['clusters'], 'name'),
    ...namesTwice(services, ['services'], 'name'),
    ...contextsTwice(clusters),
    ...services.flatMap(({ pods }, i) =>
      Object.keys(pods)
        .filter((name) => !names.includes(name))
        .map((name) => ({
          path: ['services', i, 'pods', name],
          atName: true,
          message: unknownName(name, 'cluster', names),
        })),
    ),
  ];
}

/** Two clusters behind one context would be one cluster that is taken for two. */
function contextsTwice(clusters: PartialMesh['clusters']): Problem[] {
  return clusters.flatMap(({ context, kubeconfig }, i): Problem[] => {
    const first = clusters.findIndex((other) => other.context === context && other.kubeconfig === kubeconfig);
    if (first === i) return [];
    const message = `${quoted(context)} is also the context of another cluster; name each cluster's own`;
    return [{ path: ['clusters', i, 'context'], first: ['clusters', first, 'context'], message }];
  });
}
