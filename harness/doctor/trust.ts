import type { Authority, Certificate } from '../mesh/snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';

/**
 * Whether somebody else signs than istiod: with ENABLE_CA_SERVER=false, as with istio-csr, or Kubernetes by its signers. What istiod made
 * for itself in former times may still lie there.
 */
export const isSignedElsewhere = ({ install }: ClusterView): boolean =>
  install?.env['ENABLE_CA_SERVER'] === 'false' ||
  install?.env['PILOT_CERT_PROVIDER']?.startsWith('k8s.io/') === true;

/** The authority that a cluster's istiod signs with: `cacerts` where it is there, or the one that it made for itself. */
export function authorityOf(cluster: ClusterView): Authority | undefined {
  if (isSignedElsewhere(cluster)) return undefined;
  const own = cluster.data.authorities.filter(({ namespace }) => namespace === cluster.systemNamespace);
  return (
    own.find(({ secret }) => secret === 'cacerts') ?? own.find(({ secret }) => secret === 'istio-ca-secret')
  );
}

/** The roots that a cluster's certificates lead to: of its authority, else of what its workloads are given. */
export function rootsOf(view: MeshView, cluster: ClusterView): Certificate[] {
  const authority = authorityOf(cluster);
  const named = view.certificatesOf(authority?.roots ?? []);
  // An authority that istiod made for itself is its own root, and has no root-cert.pem in older versions.
  const own = named.length > 0 ? named : view.certificatesOf(authority?.certificate ?? []);
  if (own.length > 0) return own;
  const given = cluster.data.roots.find(({ namespace }) => namespace === cluster.systemNamespace);
  return view.certificatesOf((given ?? cluster.data.roots[0])?.roots ?? []);
}

/** Roots are the same when they are one certificate, or one key under one name: what either signed verifies with both. */
export const sameRoot = (a: Certificate, b: Certificate): boolean =>
  a.fingerprint === b.fingerprint ||
  (a.subject === b.subject && a.subjectKeyId !== undefined && a.subjectKeyId === b.subjectKeyId);

/** The way from a certificate to one of the roots, both included; undefined where no signature leads there. */
export function pathTo(
  view: MeshView,
  from: Certificate,
  via: ReadonlySet<string>,
  roots: readonly Certificate[],
): Certificate[] | undefined {
  const seen = new Set<string>();
  const walk = (at: Certificate): Certificate[] | undefined => {
    if (roots.some((root) => sameRoot(root, at))) return [at];
    if (seen.has(at.fingerprint)) return undefined;
    seen.add(at.fingerprint);
    for (const next of view.certificatesOf(at.signedBy)) {
      if (!via.has(next.fingerprint)) continue;
      const rest = walk(next);
      if (rest) return [at, ...rest];
    }
    return undefined;
  };
  return walk(from);
}

/** The certificates that a cluster's authority stands on: its own, and those that lead to a root of it. */
export function pathOfAuthority(view: MeshView, cluster: ClusterView): Certificate[] {
  const authority = authorityOf(cluster);
  const signing = view.certificate(authority?.certificate[0]);
  if (!authority || !signing) return rootsOf(view, cluster);
  const roots = view.certificatesOf(authority.roots);
  const via = new Set([...authority.certificate, ...authority.chain, ...authority.roots]);
  return pathTo(view, signing, via, roots) ?? [signing];
}
