import type { Mesh } from '../../mesh/attach.ts';
import { clusterIdentity } from '../../mesh/mark-signature.ts';
import type { JournalEntry } from './journal.ts';

/**
 * The clusters of a mesh as no other has them: by name, the uid of the namespace kube-system, which lives as long as its cluster. None
 * for a lab: its journal is in its own folder, and its faults are laid and healed while API servers do not answer.
 *
 * @throws Error that names the cluster that does not tell.
 */
export async function identitiesOf(mesh: Mesh, clusters: readonly string[]): Promise<Record<string, string>> {
  if (mesh.isLab) return {};
  const pairs = clusters.map(
    async (cluster) => [cluster, await clusterIdentity(mesh.cluster(cluster))] as const,
  );
  return Object.fromEntries(await Promise.all(pairs));
}

/**
 * Refuses an entry of the journal that was made on other clusters: meshes that share an id, such as one for trying and one in
 * use, share a journal, and what heals the one would break the other.
 *
 * @param changed the clusters that healing changes, by the parameters of the fault: the entry has to list each of them.
 * @param file where the entry is.
 * @throws Error that names the clusters and says what to do.
 */
export async function requireSameClusters(
  mesh: Mesh,
  entry: JournalEntry,
  changed: readonly string[],
  file: string,
): Promise<void> {
  if (mesh.isLab || mesh.clusters.length === 0) return; // a mesh without clusters has none to mistake
  const there = Object.keys(entry.clusters);
  const known = there.filter((name) => mesh.clusters.some((cluster) => cluster.name === name));
  const here = await identitiesOf(mesh, known);
  const others = there.filter((name) => here[name] !== entry.clusters[name]);
  const unlisted = changed.filter((name) => !there.includes(name));
  if (there.length > 0 && others.length === 0 && unlisted.length === 0) return;
  const why =
    there.length === 0
      ? 'it does not tell on which clusters it was made'
      : others.length > 0
        ? `it was made on another cluster of the name ${others.join(', ')}`
        : `its fault changes ${unlisted.join(', ')}, and the entry was made on ${there.join(', ')} only`;
  throw new Error(
    `it was not healed, because ${why}. Run \`meshproof heal\` with the mesh file of the mesh that it belongs to; if that is gone, remove ${file}`,
  );
}
