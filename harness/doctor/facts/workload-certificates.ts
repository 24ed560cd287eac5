import type { Certificate, ProxyRecord } from '../../snapshot/schema.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { pathTo, sameRoot, topOf, type Verification } from './chains.ts';

/** Proxies of one cluster that show certificates of the same issuer, with the same chain. */
export interface Shown {
  /** The chain of the first of them, leaf first. */
  chain: readonly Certificate[];
  proxies: ProxyRecord[];
}

/** Proxies of one cluster that verify with the same roots. */
export interface Held {
  roots: readonly Certificate[];
  proxies: ProxyRecord[];
}

/** The SPIFFE id of a certificate. */
export const spiffeOf = (leaf: Certificate | undefined): string | undefined =>
  leaf?.uris.find((one) => one.startsWith('spiffe://'));

/** The trust domain of a SPIFFE id. */
export const trustDomainOf = (id: string): string => id.slice('spiffe://'.length).split('/', 1)[0] ?? '';

/** The proxies of a cluster that show a certificate, each with it. Proxies that were not read may show others. */
export const certified = (
  view: MeshView,
  cluster: ClusterView,
): { proxy: ProxyRecord; leaf: Certificate }[] =>
  cluster.seen('proxies').flatMap((proxy) => {
    const leaf = view.certificate(proxy.certificate[0]);
    return leaf ? [{ proxy, leaf }] : [];
  });

/** The certificates that proxies of a cluster show, by issuer and chain. */
export function shownBy(view: MeshView, cluster: ClusterView): Shown[] {
  const groups = Map.groupBy(certified(view, cluster), ({ proxy, leaf }) =>
    [leaf.issuer, ...leaf.signedBy, '|', ...proxy.certificate.slice(1)].join(' '),
  );
  return [...groups.values()].map((group) => ({
    chain: view.certificatesOf(group[0]?.proxy.certificate ?? []),
    proxies: group.map(({ proxy }) => proxy),
  }));
}

/**
 * The roots that proxies of a cluster verify with, by bundle. A proxy whose roots were not read gets the roots of its namespace if
 * they verify its own certificate; otherwise another authority gave it roots that are not known, and it is left out.
 */
export function heldBy(view: MeshView, cluster: ClusterView): Held[] {
  const groups = new Map<string, Held>();
  for (const proxy of cluster.seen('proxies')) {
    const roots = rootsHeld(view, cluster, proxy);
    if (roots.length === 0) continue;
    const key = roots
      .map(({ fingerprint }) => fingerprint)
      .sort()
      .join(' ');
    const same = groups.get(key);
    if (same) same.proxies.push(proxy);
    else groups.set(key, { roots, proxies: [proxy] });
  }
  return [...groups.values()];
}

function rootsHeld(view: MeshView, cluster: ClusterView, proxy: ProxyRecord): Certificate[] {
  const roots = view.certificatesOf(proxy.roots);
  if (roots.length > 0) return roots;
  const given = cluster.seen('roots').find(({ namespace }) => namespace === proxy.namespace);
  const fallback = view.certificatesOf(given?.roots ?? []);
  return verifies(view, fallback, view.certificatesOf(proxy.certificate)) ? fallback : [];
}

/** How an Envoy with these roots verifies a chain that is shown to it. */
export const verification = (roots: readonly Certificate[], chain: readonly Certificate[]): Verification => ({
  roots,
  via: new Set(chain.map(({ fingerprint }) => fingerprint)),
});

/** Whether roots verify a chain, leaf first. A chain without certificates is not verified. */
export function verifies(
  view: MeshView,
  roots: readonly Certificate[],
  chain: readonly Certificate[],
): boolean {
  const [leaf] = chain;
  return leaf !== undefined && pathTo(view, leaf, verification(roots, chain)) !== undefined;
}

/** The certificates and the roots of the proxies of one cluster. */
export interface ClusterTrust {
  cluster: ClusterView;
  shown: readonly Shown[];
  held: readonly Held[];
}

/** The trust of each cluster. A cluster whose proxies were not read shows and holds nothing. */
export const trustOfClusters = (view: MeshView): ClusterTrust[] =>
  view.clusters.map((cluster) => ({ cluster, shown: shownBy(view, cluster), held: heldBy(view, cluster) }));

/** Certificates that proxies of one cluster show and proxies of another, or of the same, do not verify. */
export interface Rejection {
  /** The proxies that reject, of `readers` whose roots are known. */
  rejecting: ProxyRecord[];
  readers: number;
  /** The proxies whose certificates are rejected, of `showing` whose certificates are known. */
  rejected: ProxyRecord[];
  showing: number;
  /** The roots that reject the first of these chains. */
  roots: readonly Certificate[];
  /** The root of that chain, or the last certificate above its leaf that the snapshot has. */
  missing: Certificate;
  /** The signer that the proxies do not show, although the root above it is held. */
  notShown: Certificate | undefined;
}

/** The certificates of `showing` that proxies of `holding` do not verify; undefined if all are verified. */
export function rejectionOf(
  view: MeshView,
  { held }: ClusterTrust,
  { shown }: ClusterTrust,
): Rejection | undefined {
  const pairs = held.flatMap(({ roots, proxies }) =>
    shown.filter(({ chain }) => !verifies(view, roots, chain)).map((one) => ({ roots, proxies, shown: one })),
  );
  const [first] = pairs;
  const leaf = first?.shown.chain[0];
  if (!first || !leaf) return undefined;
  const missing = topOf(view, leaf);
  const holdsRoot = first.roots.some((root) => sameRoot(root, missing));
  return {
    rejecting: [...new Set(pairs.flatMap(({ proxies }) => proxies))],
    readers: countOf(held),
    rejected: [...new Set(pairs.flatMap((pair) => pair.shown.proxies))],
    showing: countOf(shown),
    ...{ roots: first.roots, missing },
    notShown: holdsRoot ? signerNotShown(view, first.shown.chain) : undefined,
  };
}

const countOf = (groups: readonly { proxies: readonly unknown[] }[]): number =>
  groups.reduce((sum, { proxies }) => sum + proxies.length, 0);

/** The first signer above a leaf that is not in the chain. */
function signerNotShown(view: MeshView, chain: readonly Certificate[]): Certificate | undefined {
  let at = chain[0];
  const seen = new Set<Certificate>();
  while (at && !seen.has(at)) {
    seen.add(at);
    const signers: Certificate[] = view.certificatesOf(at.signedBy).filter((one) => !seen.has(one));
    const shown = signers.find((one) => chain.includes(one));
    if (!shown) return signers[0];
    at = shown;
  }
  return undefined;
}

/** Whether the proxies of two clusters reject every certificate of each other. */
export function areStrangers(view: MeshView, a: ClusterTrust, b: ClusterTrust): boolean {
  const isWhole = (rejection: Rejection | undefined): boolean =>
    rejection !== undefined &&
    rejection.rejecting.length === rejection.readers &&
    rejection.rejected.length === rejection.showing;
  return isWhole(rejectionOf(view, a, b)) && isWhole(rejectionOf(view, b, a));
}
