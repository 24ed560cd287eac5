import type { Certificate } from '../../snapshot/schema.ts';
import type { MeshView } from '../mesh-view.ts';

/** Two roots are the same if they are one certificate, or have one key and one name: each verifies what the other signed. */
export const sameRoot = (a: Certificate, b: Certificate): boolean =>
  a.fingerprint === b.fingerprint ||
  (a.subject === b.subject && a.subjectKeyId !== undefined && a.subjectKeyId === b.subjectKeyId);

/** Whether two lists have a root in common. */
export const shareRoot = (a: readonly Certificate[], b: readonly Certificate[]): boolean =>
  a.some((one) => b.some((other) => sameRoot(one, other)));

/** Roots by which an Envoy verifies a chain, and the intermediates that it knows. */
export interface Verification {
  /** Fingerprints of the certificates that may stand between the first and a root. */
  via: ReadonlySet<string>;
  roots: readonly Certificate[];
}

/**
 * The path from a certificate to one of the roots, both included; undefined if no chain of signatures connects them. If several
 * paths exist, as with cross-signed roots, the path that stays valid longest after `now` (milliseconds since 1970) is taken, as
 * Envoy accepts a chain if one path is valid.
 */
export function pathTo(
  view: MeshView,
  from: Certificate,
  { via, roots }: Verification,
): Certificate[] | undefined {
  const paths: Certificate[][] = [];
  const walk = (at: Certificate, before: readonly Certificate[]): void => {
    const path = [...before, at];
    if (roots.some((root) => sameRoot(root, at))) paths.push(path);
    else if (!before.includes(at))
      for (const next of view.certificatesOf(at.signedBy))
        if (via.has(next.fingerprint) || roots.some((root) => sameRoot(root, next))) walk(next, path);
  };
  walk(from, []);
  const valid = (path: readonly Certificate[]): number =>
    path.every(({ notBefore }) => Date.parse(notBefore) <= view.now) ? 1 : 0;
  const end = (path: readonly Certificate[]): number =>
    Math.min(...path.map(({ notAfter }) => Date.parse(notAfter)));
  return paths.toSorted((a, b) => valid(b) - valid(a) || end(b) - end(a))[0];
}

/** The last certificate above another that the snapshot knows; the certificate itself if nothing in the snapshot signed it. */
export function topOf(view: MeshView, from: Certificate): Certificate {
  const seen = new Set<Certificate>();
  let at = from;
  while (!seen.has(at)) {
    seen.add(at);
    at = view.certificatesOf(at.signedBy).find((one) => !seen.has(one)) ?? at;
  }
  return at;
}

/** A name for people: the subject; of an intermediate that the snapshot does not have, the name that its child gives. */
export const nameOf = ({ subject, fingerprint }: Certificate): string => subject || fingerprint.slice(0, 16);
