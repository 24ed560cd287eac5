import type { Authority, Certificate } from '../snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';

/**
 * Whether a CA other than istiod signs: with ENABLE_CA_SERVER=false, as with istio-csr, or by a signer of Kubernetes. A root that
 * istiod created before may still exist. Throws NotRead.
 */
export const isSignedElsewhere = ({ install }: ClusterView): boolean =>
  install?.env['ENABLE_CA_SERVER'] === 'false' ||
  install?.env['PILOT_CERT_PROVIDER']?.startsWith('k8s.io/') === true;

/** The authority with which a cluster's istiod signs: `cacerts` if it exists, otherwise the one that istiod created. Throws NotRead. */
export function authorityOf(cluster: ClusterView): Authority | undefined {
  if (isSignedElsewhere(cluster)) return undefined;
  const own = cluster.authoritiesIn(cluster.systemNamespace);
  return (
    own.find(({ secret }) => secret === 'cacerts') ?? own.find(({ secret }) => secret === 'istio-ca-secret')
  );
}

/** The roots of a cluster's certificates: those of its authority, otherwise those that its workloads get. Throws NotRead. */
export function rootsOf(view: MeshView, cluster: ClusterView): Certificate[] {
  const authority = authorityOf(cluster);
  const named = view.certificatesOf(authority?.roots ?? []);
  // An authority that istiod created is its own root; older versions do not write a root-cert.pem.
  const own = named.length > 0 ? named : view.certificatesOf(authority?.certificate ?? []);
  if (own.length > 0) return own;
  const given = cluster.whole('roots');
  const nearest = given.find(({ namespace }) => namespace === cluster.systemNamespace) ?? given[0];
  return view.certificatesOf(nearest?.roots ?? []);
}

/** Two roots are the same if they are one certificate, or have one key and one name: each verifies what the other signed. */
export const sameRoot = (a: Certificate, b: Certificate): boolean =>
  a.fingerprint === b.fingerprint ||
  (a.subject === b.subject && a.subjectKeyId !== undefined && a.subjectKeyId === b.subjectKeyId);

/** The path from a certificate to one of the roots, both included; undefined if no chain of signatures connects them. */
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

/** The certificates of a cluster's authority: its own, and those on the path to its root. Throws NotRead. */
export function pathOfAuthority(view: MeshView, cluster: ClusterView): Certificate[] {
  const authority = authorityOf(cluster);
  const signing = view.certificate(authority?.certificate[0]);
  if (!authority || !signing) return rootsOf(view, cluster);
  const roots = view.certificatesOf(authority.roots);
  const via = new Set([...authority.certificate, ...authority.chain, ...authority.roots]);
  return pathTo(view, signing, via, roots) ?? [signing];
}
