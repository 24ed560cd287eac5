import type { Install } from './schema.ts';

/** The statements about a mesh by which its control plane in a cluster is known. A field that is absent says nothing. */
export interface MeshIdentity {
  rootNamespace?: string | undefined;
  clusterName?: string | undefined;
  meshId?: string | undefined;
  /** The clusters that remote secrets of other clusters name. */
  namedByOthers?: ReadonlySet<string>;
  /** The number of proxies, or of namespaces, that use a control plane. */
  proxiesOf?: (install: Install) => number;
}

/** A control plane, or one of its istiods. */
interface Placed {
  namespace: string;
  settings?: { rootNamespace?: string | undefined } | undefined;
}

/** The root namespace of a control plane; istiod's own namespace, unless MeshConfig names another. */
const rootOf = ({ settings, namespace }: Placed): string => settings?.rootNamespace ?? namespace;

/** Whether a control plane is in a namespace, or has it as its root namespace. */
export const isAt = (placed: Placed, rootNamespace: string): boolean =>
  placed.namespace === rootNamespace || rootOf(placed) === rootNamespace;

/**
 * Sorts the control planes of a cluster: the one that fits a mesh best is first. The root namespace decides, then the clusterName, then
 * the remote secrets of other clusters. If those do not decide, a control plane with an istiod is first, then the one with the mesh ID and
 * the one with more proxies.
 */
export function byFit(installs: readonly Install[], mesh: MeshIdentity): Install[] {
  const fits = (install: Install): number[] => [
    Number(mesh.rootNamespace !== undefined && isAt(install, mesh.rootNamespace)),
    Number(mesh.clusterName !== undefined && install.clusterName === mesh.clusterName),
    Number(install.clusterName !== undefined && mesh.namedByOthers?.has(install.clusterName) === true),
    Number(install.istiod),
    Number(mesh.meshId !== undefined && install.meshId === mesh.meshId),
    mesh.proxiesOf?.(install) ?? 0,
  ];
  const ranked = installs.map((install) => ({ install, fit: fits(install) }));
  return ranked.toSorted((a, b) => compare(b.fit, a.fit)).map(({ install }) => install);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) if (value !== b[index]) return value - (b[index] ?? 0);
  return 0;
}

/**
 * Whether two control planes in one cluster are of one mesh. Revisions in one namespace share its authority, its remote secrets and its
 * label for the network. Control planes in two namespaces are of one mesh only if they have one root namespace and one identity.
 */
export function isSameMesh(a: Install, b: Install): boolean {
  if (a.namespace === b.namespace) return true;
  const differ = <T>(x: T | undefined, y: T | undefined) => x !== undefined && y !== undefined && x !== y;
  return !(
    rootOf(a) !== rootOf(b) ||
    differ(a.clusterName, b.clusterName) ||
    differ(a.meshId, b.meshId) ||
    differ(a.settings?.trustDomain, b.settings?.trustDomain)
  );
}
