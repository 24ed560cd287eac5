import type { Mesh } from '../../mesh/attach.ts';
import { clusterIdentity } from '../../mesh/mark-signature.ts';
import type { JournalEntry } from './journal.ts';

/**
 * The identities of clusters by name: the uid of the namespace kube-system, which lives as long as its cluster. Empty
 * for a lab: its journal is in its own folder, and its faults are injected and healed while API servers do not
 * answer.
 *
 * @throws Error that names the cluster that does not answer.
 */
export async function identitiesOf(mesh: Mesh, clusters: readonly string[]): Promise<Record<string, string>> {
  if (mesh.isLab) return {};
  const pairs = clusters.map(
    async (cluster) => [cluster, await clusterIdentity(mesh.cluster(cluster))] as const,
  );
  return Object.fromEntries(await Promise.all(pairs));
}

/**
 * Refuses an entry of the journal that was made on other clusters. Meshes with the same id, such as a test mesh and a
 * production mesh, share a journal: a fault of one must not be healed in the other.
 *
 * @param changed the clusters that healing changes, by the parameters of the fault: the entry has to list each of
 * them.
 * @param file the file of the entry.
 * @throws Error that names the clusters and says what to do.
 */
export async function requireSameClusters(
  mesh: Mesh,
  entry: JournalEntry,
  changed: readonly string[],
  file: string,
): Promise<void> {
  if (mesh.isLab || mesh.clusters.length === 0) return;
  const there = Object.keys(entry.clusters);
  const known = there.filter((name) => mesh.clusters.some((cluster) => cluster.name === name));
  const here = await identitiesOf(mesh, known);
  const others = there.filter((name) => here[name] !== entry.clusters[name]);
  const unlisted = changed.filter((name) => !there.includes(name));
  if (there.length > 0 && others.length === 0 && unlisted.length === 0) return;
  const why =
    there.length === 0
      ? 'it does not list the clusters of the fault'
      : others.length > 0
        ? `it is of another cluster with the name ${others.join(', ')}`
        : `its fault changes ${unlisted.join(', ')}, but the entry lists ${there.join(', ')} only`;
  throw new Error(
    `it was not healed, because ${why}. Run \`meshproof heal\` with the mesh file of its own mesh; if that mesh is gone, remove ${file}`,
  );
}
