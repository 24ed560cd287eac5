import type { MeshFile, MeshFileCluster, PartialCluster, PartialMesh } from '../config/mesh-file.ts';
import type { Undeclared } from '../snapshot/collect.ts';
import { byFit, isSameMesh } from '../snapshot/control-planes.ts';
import type { Install } from '../snapshot/schema.ts';
import { describeCluster, lacksIstio, type DescribedCluster, type Field } from './describe.ts';
import { NotAMesh } from './not-a-mesh.ts';
import { readCluster, type ClusterObjects } from './read-cluster.ts';

/** A mesh as its clusters describe it. */
export interface DiscoveredMesh {
  clusters: DescribedCluster[];
  meshId?: string;
  trustDomain?: string;
  rootNamespace?: string;
}

/**
 * Reads all clusters at the same time and describes the mesh. Parts that cannot be read become hints.
 *
 * @param onProgress is called with the context of a cluster when it is read and when it is done.
 * @param rootNamespace of the mesh file; it chooses the control plane in a cluster that has several.
 * @throws NotAMesh if a cluster does not have Istio, or if two contexts are of one cluster; Error if a context does not exist.
 */
export async function discoverMesh(
  given: readonly PartialCluster[],
  onProgress: (context: string, part: string) => void = () => undefined,
  rootNamespace?: string,
): Promise<DiscoveredMesh> {
  const all = await Promise.all(
    given.map(async (one) => {
      const name = one.name ?? one.context;
      onProgress(name, 'place in the mesh');
      const objects = await readCluster(one);
      onProgress(name, 'done');
      return objects;
    }),
  );
  refuse(all);
  const clusters = all.map((one) => describeCluster(withOwnInstalls(one, all, rootNamespace)));
  nameExternal(clusters);
  nameByElimination(clusters);
  const installs = clusters.flatMap(({ objects }) => objects.installs[0] ?? []);
  const first = <T>(values: readonly (T | undefined)[]) => values.find((one) => one !== undefined);
  const trustDomain = first(installs.map(({ settings }) => settings?.trustDomain));
  const meshId = first(installs.map((one) => one.meshId ?? one.settings?.meshId)) ?? trustDomain;
  const root = rootNamespace ?? first(installs.map((one) => one.settings?.rootNamespace ?? one.namespace));
  return {
    clusters,
    ...(meshId !== undefined && { meshId }),
    ...(trustDomain !== undefined && { trustDomain }),
    ...(root !== undefined && { rootNamespace: root }),
  };
}

/** A cluster without the control planes of other meshes. */
function withOwnInstalls(
  one: ClusterObjects,
  all: readonly ClusterObjects[],
  rootNamespace: string | undefined,
): ClusterObjects {
  const others = all.filter((other) => other !== one);
  const [best, ...rest] = byFit(one.installs, {
    rootNamespace,
    clusterName: one.given.name,
    namedByOthers: new Set(others.flatMap(({ remoteNames }) => remoteNames)),
    proxiesOf: ({ revision }: Install) =>
      one.namespaces.filter(({ labels }) => (labels['istio.io/rev'] ?? defaultOf(labels)) === revision)
        .length,
  });
  return best ? { ...one, installs: [best, ...rest.filter((other) => isSameMesh(best, other))] } : one;
}

const defaultOf = (labels: Readonly<Record<string, string>>) =>
  labels['istio-injection'] === 'enabled' ? 'default' : undefined;

function refuse(all: readonly ClusterObjects[]): void {
  for (const [index, one] of all.entries()) {
    const { context } = one.given;
    if (lacksIstio(one))
      throw new NotAMesh(
        `Cluster of context ${context} does not have Istio: neither an istiod nor the ConfigMap istio-sidecar-injector was found. ` +
          'Name only the contexts of clusters in the mesh.',
      );
    const same = all.slice(0, index).find(({ uid }) => uid !== undefined && uid === one.uid);
    if (same)
      throw new NotAMesh(
        `Contexts ${same.given.context} and ${context} are of one cluster: namespace kube-system has the same uid (${one.uid}). ` +
          'Name one context for each cluster.',
      );
  }
}

/** An external istiod has the name of the cluster that it serves; its own cluster gets the name of its context. */
function nameExternal(clusters: readonly DescribedCluster[]): void {
  for (const cluster of clusters) {
    const namesakes = clusters.filter(
      ({ found }) => found.name !== undefined && found.name === cluster.found.name,
    );
    if (namesakes.length < 2 || cluster.found.role !== 'primary') continue;
    const isExternal = namesakes.some(({ found }) => found.role === 'remote');
    if (isExternal) cluster.found.role = 'external';
  }
  for (const [name, group] of Map.groupBy(clusters, ({ found }) => found.name)) {
    const owners = group.filter(({ found }) => found.role !== 'external');
    for (const cluster of name === undefined ? [] : group) {
      if (cluster.found.role !== 'external' && owners.length === 1) continue;
      cluster.found.name = cluster.objects.given.context;
      cluster.notes.push(`Its istiod has the clusterName ${name}, as the istiod of another cluster has.`);
    }
  }
}

/** A cluster without a name has the only name in the remote secrets of the others that no cluster has. */
function nameByElimination(clusters: readonly DescribedCluster[]): void {
  const [unnamed, ...more] = clusters.filter(
    ({ found, objects }) => (objects.given.name ?? found.name) === undefined,
  );
  if (!unnamed || more.length > 0) return;
  const known = clusters.flatMap(({ found, objects }) => objects.given.name ?? found.name ?? []);
  const remote = new Set(clusters.flatMap(({ objects }) => objects.remoteNames));
  const [name, ...others] = [...remote].filter((one) => !known.includes(one));
  if (name === undefined || others.length > 0) return;
  unnamed.found.name = name;
  unnamed.notes.push(`The name ${name} comes from a remote secret of another cluster.`);
}

const defaults = { trustDomain: 'cluster.local', rootNamespace: 'istio-system' } as const;
const clusterFields = ['name', 'role', 'network', 'region', 'zone', 'eastWestGateway'] as const;

/** A mesh that `doctor` can judge: values that were neither given nor found are empty. */
export interface CompletedMesh {
  file: MeshFile;
  undeclared: Undeclared;
}

/**
 * Completes a mesh with what its clusters say.
 *
 * @throws NotAMesh and Error as {@link discoverMesh}; Error if the name of a cluster is not found: remote secrets refer to it.
 */
export async function completeFromClusters(
  mesh: PartialMesh,
  onProgress?: (context: string, part: string) => void,
): Promise<CompletedMesh> {
  const discovered = await discoverMesh(mesh.clusters, onProgress, mesh.rootNamespace);
  const trustDomain = mesh.trustDomain ?? discovered.trustDomain ?? defaults.trustDomain;
  const file = {
    ...mesh,
    meshId: mesh.meshId ?? discovered.meshId ?? trustDomain,
    trustDomain,
    rootNamespace: mesh.rootNamespace ?? discovered.rootNamespace ?? defaults.rootNamespace,
    services: mesh.services ?? [],
    clusters: discovered.clusters.map(completed),
  };
  const meshFields = ['meshId', 'trustDomain', 'rootNamespace', 'services'] as const;
  return {
    file,
    undeclared: {
      mesh: meshFields.filter((field) => mesh[field] === undefined),
      clusters: mesh.clusters.map((cluster) => clusterFields.filter((field) => cluster[field] === undefined)),
    },
  };
}

function completed({ objects: { given }, found, hints }: DescribedCluster): MeshFileCluster {
  const name = given.name ?? found.name;
  const gateway = given.eastWestGateway ?? found.eastWestGateway;
  if (name !== undefined)
    return {
      ...given,
      name,
      role: given.role ?? found.role ?? 'primary',
      network: given.network ?? found.network ?? '',
      region: given.region ?? found.region ?? '',
      zone: given.zone ?? found.zone ?? '',
      ...(gateway && { eastWestGateway: gateway }),
    };
  const { reason, look } = hints.name ?? { reason: 'it was not found', look: 'meshproof init' };
  throw new Error(
    `The Istio name of the cluster of context ${given.context} is not known: ${reason}. ` +
      `Look for it with \`${look}\`, and give it as \`name\` in a mesh file (\`meshproof init\` writes one).`,
  );
}

/** The fields that `deploy` and `run` need and that were not found. */
export const lackedFields = ({ found, objects: { given } }: DescribedCluster): Field[] =>
  (['name', 'network', 'region', 'zone'] as const).filter(
    (field) => (given[field] ?? found[field]) === undefined,
  );
