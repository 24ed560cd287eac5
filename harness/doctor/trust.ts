import type { Authority, Certificate } from '../snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import { pathTo, shareRoot } from './facts/chains.ts';
import { certified, heldBy, shownBy, verifies } from './facts/workload-certificates.ts';
import type { MeshView } from './mesh-view.ts';

/**
 * Whether a CA other than istiod signs, by the settings of istiod: ENABLE_CA_SERVER=false, as with istio-csr, or a signer of
 * Kubernetes (EXTERNAL_CA, PILOT_CERT_PROVIDER). A root that istiod created before may still exist. Throws NotRead.
 */
export const isSignedElsewhere = ({ install }: ClusterView): boolean =>
  install?.env['ENABLE_CA_SERVER'] === 'false' ||
  (install?.env['EXTERNAL_CA'] ?? '') !== '' ||
  install?.env['PILOT_CERT_PROVIDER']?.startsWith('k8s.io/') === true;

/** The authority in the Secrets of a cluster: `cacerts` if it exists, otherwise the one that istiod created. Throws NotRead. */
function authorityInSecrets(cluster: ClusterView): Authority | undefined {
  if (isSignedElsewhere(cluster)) return undefined;
  const own = cluster.authoritiesIn(cluster.systemNamespace);
  return (
    own.find(({ secret }) => secret === 'cacerts') ?? own.find(({ secret }) => secret === 'istio-ca-secret')
  );
}

/**
 * The use of the authority in the Secrets of a cluster, as its proxies show it:
 * - `served`: it signed the certificate of a proxy;
 * - `pending`: it signed nothing yet, but istiod uses it from its next start or reload on;
 * - `unknown`: the proxies were not read.
 */
type AuthorityUse = 'served' | 'pending' | 'unknown';

/** The authority of a cluster, with its use. */
export interface UsedAuthority {
  authority: Authority;
  /** The certificate that signs. */
  signing: Certificate | undefined;
  use: AuthorityUse;
}

/**
 * The authority with which a cluster signs, or will sign. Undefined if it has none in its Secrets, or if another CA signs: then the
 * authority of istiod signs only the certificate of istiod. Throws NotRead.
 */
export function authorityOf(view: MeshView, cluster: ClusterView): UsedAuthority | undefined {
  const authority = authorityInSecrets(cluster);
  if (!authority) return undefined;
  const signing = view.certificate(authority.certificate[0]);
  const leaves = certified(view, cluster).map(({ leaf }) => leaf);
  if (signing && leaves.some(({ signedBy }) => signedBy.includes(signing.fingerprint)))
    return { authority, signing, use: 'served' };
  // A cluster without an istiod gets its certificates from another cluster, unless its own authority is seen to sign.
  if (!cluster.hasIstiod) return undefined;
  // An authority that istiod created is often not used: whether it is, only the proxies show.
  if (leaves.length === 0 && authority.secret !== 'cacerts') cluster.whole('proxies');
  if (leaves.length === 0)
    return { authority, signing, use: cluster.complete('proxies') ? 'pending' : 'unknown' };
  if (isIssuedElsewhere(view, cluster, { authority, signing, leaves })) return undefined;
  return { authority, signing, use: 'pending' };
}

/** Whether the certificates of proxies show that another CA issues them, such as SPIRE. */
function isIssuedElsewhere(
  view: MeshView,
  cluster: ClusterView,
  { authority, signing, leaves }: Pick<UsedAuthority, 'authority' | 'signing'> & { leaves: Certificate[] },
): boolean {
  // istiod leaves the subject empty: genCertTemplateFromCSR in its pki copies the subject of the request, which has none.
  if (leaves.every(({ subject }) => subject !== '')) return true;
  const own = rootsOfAuthority(view, authority);
  if (shownBy(view, cluster).some(({ chain }) => verifies(view, own, chain))) return false;
  const given = cluster.whole('roots').map(({ roots }) => view.certificatesOf(roots));
  const isLoaded = given.length > 0 && given.every((roots) => shareRoot(roots, own));
  const start = Date.parse(signing?.notBefore ?? '');
  return isLoaded && leaves.some(({ notBefore }) => Date.parse(notBefore) > start);
}

/** The Secret of an authority, as the object of a finding. */
export const secretOf = ({ authority }: UsedAuthority): string =>
  `Secret ${authority.namespace}/${authority.secret}`;

/** The roots that an authority names; an authority that istiod created is its own root. */
export function rootsOfAuthority(view: MeshView, { roots, certificate }: Authority): Certificate[] {
  const named = view.certificatesOf(roots);
  // Older versions of istiod do not write a root-cert.pem.
  return named.length > 0 ? named : view.certificatesOf(certificate);
}

/**
 * The roots of a cluster in every form: those that its proxies verify with, that its namespaces get, and that its authority names. If
 * the roots of proxies are not known, the authorities that they show count. Throws NotRead if its proxies were not read, as they may have roots of another authority.
 */
export function rootsOf(view: MeshView, cluster: ClusterView): Certificate[] {
  const held = heldBy(view, cluster).flatMap(({ roots }) => roots);
  const shown = shownBy(view, cluster).flatMap(({ chain }) => chain.slice(1));
  if (shown.length === 0) cluster.whole('proxies');
  const authority = authorityInSecrets(cluster);
  const given = cluster.whole('roots').flatMap(({ roots }) => roots);
  return [
    ...new Set([
      ...(held.length > 0 ? held : shown),
      ...(authority ? rootsOfAuthority(view, authority) : []),
      ...view.certificatesOf(given),
    ]),
  ];
}

/** The certificates that verify the certificate of an authority: those of its Secret. */
const viaOf = ({ certificate, chain, roots }: Authority): ReadonlySet<string> =>
  new Set([...certificate, ...chain, ...roots]);

/** The path from the certificate of an authority to one of the roots; by default, to its own. */
export function pathOfAuthority(
  view: MeshView,
  { authority, signing }: UsedAuthority,
  roots: readonly Certificate[] = rootsOfAuthority(view, authority),
): Certificate[] | undefined {
  return signing && pathTo(view, signing, { via: viaOf(authority), roots });
}
