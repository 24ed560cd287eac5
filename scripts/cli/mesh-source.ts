import { completeMesh, loadPartialMesh } from '../../harness/config/load.ts';
import type { PartialMesh } from '../../harness/config/mesh-file.ts';
import { attach, type Mesh } from '../../harness/mesh/attach.ts';
import type { Undeclared } from '../../harness/snapshot/collect.ts';
import { clustersOf, type GivenContexts } from './contexts.ts';
import { meshFileFor } from './options.ts';
import { WrongUse } from './outcome.ts';

/** How you name the mesh that `doctor` and `gather` read: a lab, a mesh file, or contexts. */
export interface MeshSource extends GivenContexts {
  name: string;
  mesh?: string;
}

/** A mesh to read, and the fields of it that no file declares. */
export interface OpenedMesh {
  mesh: Mesh;
  undeclared: Undeclared | undefined;
}

/**
 * Opens the mesh that you name. Reads the fields that a mesh file lacks from the clusters.
 *
 * @throws WrongUse if you give contexts and a mesh file, or if a context does not exist; InvalidFile; NotAMesh.
 */
export async function openMesh(
  source: MeshSource,
  onProgress: (cluster: string, part: string) => void,
): Promise<OpenedMesh> {
  const given = partialMeshOf(source);
  const complete = completeMesh(given);
  if (complete) return { mesh: attach(complete), undeclared: undefined };
  const { completeFromClusters } = await import('../../harness/discover/discover.ts');
  const { file, undeclared } = await completeFromClusters(given, onProgress);
  return { mesh: attach(file), undeclared };
}

function partialMeshOf({ name, mesh, context, kubeconfig }: MeshSource): PartialMesh {
  if (context === undefined && kubeconfig === undefined) return loadPartialMesh(meshFileFor(name, mesh));
  if (mesh !== undefined)
    throw new WrongUse(
      '--mesh and --context exclude each other: a mesh file names its contexts. Give one of them.',
    );
  return {
    apiVersion: 'meshproof.dev/v1',
    kind: 'Mesh',
    namespace: 'meshproof',
    clusters: clustersOf({ ...(context && { context }), ...(kubeconfig && { kubeconfig }) }),
  };
}
