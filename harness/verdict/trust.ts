import 'reflect-metadata'; // @peculiar/x509 needs it to be imported first
import { X509Certificate } from 'node:crypto';
import { BasicConstraintsExtension, X509Certificate as ParsedCertificate } from '@peculiar/x509';
import type { ClusterTrust, ShownChain } from '../traffic/read-trust.ts';
import { certificatesOf } from '../x509/pem.ts';
import { cannotJudge, fail, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { count } from './wording.ts';

/**
 * Judges whether clusters trust each other (SEC-01). All clusters have the same roots, and each root is a self-signed
 * authority that is valid now. Two primary clusters must not share an intermediate, so that you can revoke the intermediate
 * of one cluster alone (Istio documentation, "Plug in CA Certificates").
 */
export function judgeSharedRoot(
  trusts: readonly Pick<ClusterTrust, 'cluster' | 'primary' | 'roots' | 'intermediate'>[],
  now: Date,
): Judgement {
  const bundles = trusts.map(({ cluster, roots }) => ({ cluster, roots: certificatesOf(roots) }));
  const key = (roots: X509Certificate[]) =>
    roots
      .map((one) => one.fingerprint256)
      .toSorted()
      .join();
  const distinct = new Set(bundles.map(({ roots }) => key(roots)));
  const owners = trusts.filter(({ primary }) => primary);
  const intermediates = owners.map((one) => new X509Certificate(one.intermediate));
  const distinctIssuers = new Set(
    intermediates.map((one) => one.publicKey.export({ type: 'spki', format: 'pem' })),
  );
  const measurements = [
    measured('clusters', trusts.length, ''),
    measured('different sets of roots', distinct.size, '', { atLeast: 1, atMost: 1 }),
    measured('different intermediates', distinctIssuers.size, '', { atLeast: owners.length }),
  ];
  const subjects = bundles.map(
    ({ cluster, roots }) => `${cluster} trusts ${roots.map(nameOf).join(', ') || 'no root'}`,
  );
  const complaints = [
    ...bundles.filter(({ roots }) => roots.length === 0).map(({ cluster }) => `${cluster} has no root`),
    ...(distinct.size > 1
      ? [`the clusters have ${distinct.size} different sets of roots: ${subjects.join('; ')}`]
      : []),
    ...(distinctIssuers.size < owners.length
      ? [`${owners.length} clusters share ${count(distinctIssuers.size, 'intermediate')}`]
      : []),
    ...bundles.flatMap(({ cluster, roots }) =>
      roots.flatMap((root) =>
        authorityProblems(root, root, now).map((problem) => `root of ${cluster}: ${problem}`),
      ),
    ),
  ];
  return unless(
    complaints,
    `${trusts.length} clusters trust the same ${count(distinct.size, 'root')} (${nameOf(bundles[0]?.roots[0])})`,
    measurements,
  );
}

/**
 * Judges the certificates that a cluster's workloads show. Each has only the expected SPIFFE id, is valid now, and is issued
 * by the cluster's own intermediate. A root that the cluster trusts issued the intermediate, directly or through other
 * authorities. Authorities are marked as such, and their path length (RFC 5280, 4.2.1.9) allows the chain.
 */
export function judgeIdentities(trust: ClusterTrust, now: Date): Judgement {
  if (trust.workloads.length === 0)
    return cannotJudge(`no workload of ${trust.cluster} showed a certificate`);
  const problems = trust.workloads.flatMap((shown) =>
    chainProblems(shown, trust, now).map((problem) => `${shown.who}: ${problem}`),
  );
  const leaves = trust.workloads.flatMap(({ chain }) =>
    chain.slice(0, 1).map((pem) => new X509Certificate(pem)),
  );
  const soonest = Math.min(...leaves.map((one) => one.validToDate.getTime()));
  const issuer = nameOf(new X509Certificate(trust.intermediate));
  const measurements = [
    measured('workload certificates', leaves.length, '', { atLeast: trust.workloads.length }),
    measured('faults in their chains', problems.length, '', { atMost: 0 }),
    ...(Number.isFinite(soonest)
      ? [measured('time to the first expiry', Math.round((soonest - now.getTime()) / 60_000), 'min')]
      : []),
  ];
  const seen = `${count(leaves.length, 'workload certificate')} issued by ${issuer}, each with the SPIFFE id of its service account`;
  return problems.length > 0
    ? fail(problems.slice(0, 5).join('; '), measurements)
    : unless([], seen, measurements);
}

/**
 * Judges whether workloads show certificates of more than one issuer, so that traffic runs between both. Cannot judge with a
 * single issuer, or if a chain does not show its issuer.
 */
export function judgeMixedIssuers(workloads: readonly Pick<ShownChain, 'who' | 'chain'>[]): Judgement {
  const shown = workloads.map(({ who, chain }) => ({
    who,
    issuer: chain[1] === undefined ? undefined : new X509Certificate(chain[1]).fingerprint256.slice(0, 11),
  }));
  const issuers = new Set(shown.map(({ issuer }) => issuer));
  const measurements = [measured('issuers in use', issuers.size, '', { atLeast: 2 })];
  const seen =
    shown.map(({ who, issuer }) => `${who} of ${issuer ?? 'an unknown issuer'}`).join(', ') || 'none';
  if (issuers.has(undefined) || issuers.size < 2)
    return cannotJudge(`certificates of two issuers are not in use: ${seen}`, measurements);
  return unless([], `certificates of ${issuers.size} issuers are in use: ${seen}`, measurements);
}

function chainProblems({ chain, spiffeId }: ShownChain, trust: ClusterTrust, now: Date): string[] {
  const [leaf, intermediate, ...behind] = chain.map((pem) => new X509Certificate(pem));
  if (!leaf) return ['the workload did not show a certificate'];
  const roots = certificatesOf(trust.roots);
  const own = new X509Certificate(trust.intermediate);
  const uris = urisOf(leaf);
  const problems = [
    ...(uris.length === 1 && uris[0] === spiffeId
      ? []
      : [`its SPIFFE id is ${uris.join(', ') || 'missing'}, not ${spiffeId}`]),
    ...(leaf.ca ? ['its certificate is marked as an authority'] : []),
    ...dateProblems(leaf, now),
  ];
  if (!isIssuedBy(leaf, own))
    return [
      ...problems,
      `issued by ${leaf.issuer.replaceAll('\n', ', ')}, not by the cluster's own ${nameOf(own)}`,
    ];
  if (!intermediate || intermediate.fingerprint256 !== own.fingerprint256)
    return [...problems, `its chain does not contain ${nameOf(own)} after its own certificate`];
  const { authorities, root } = pathOf([own, ...behind], roots);
  if (!root)
    return [
      ...problems,
      `${nameOf(authorities.at(-1))} is not issued by a root that ${trust.cluster} trusts`,
    ];
  const path = [...authorities, root];
  return [
    ...problems,
    ...authorities.flatMap((one, i) => authorityProblems(one, path[i + 1] ?? root, now)),
    ...path.flatMap(lengthProblems),
  ];
}

/** The authorities of a chain, up to the one that a root issued, and that root; `undefined` if the chain does not end at a root. */
function pathOf([first, ...behind]: X509Certificate[], roots: readonly X509Certificate[]) {
  const authorities = first ? [first] : [];
  for (let last = first; last;) {
    const below = last;
    const root = roots.find((one) => isIssuedBy(below, one));
    if (root) return { authorities, root };
    last = behind.find((one) => !authorities.includes(one) && isIssuedBy(below, one));
    if (last) authorities.push(last);
  }
  return { authorities, root: undefined };
}

function authorityProblems(authority: X509Certificate, issuer: X509Certificate, now: Date): string[] {
  return [
    ...(authority.ca ? [] : [`${nameOf(authority)} is not marked as an authority`]),
    ...(isIssuedBy(authority, issuer) ? [] : [`${nameOf(authority)} is not issued by ${nameOf(issuer)}`]),
    ...dateProblems(authority, now),
  ];
}

/** Compares the path length of an authority with the number of authorities below it. */
function lengthProblems(authority: X509Certificate, below: number): string[] {
  const limit = new ParsedCertificate(authority.raw).getExtension(BasicConstraintsExtension)?.pathLength;
  return limit === undefined || limit >= below
    ? []
    : [`${nameOf(authority)} allows ${limit} authorities below it, but there are ${below}`];
}

function dateProblems(certificate: X509Certificate, now: Date): string[] {
  const { validFromDate: from, validToDate: to } = certificate;
  if (now < from) return [`${nameOf(certificate)} is valid only from ${from.toISOString()}`];
  return now > to ? [`${nameOf(certificate)} has expired on ${to.toISOString()}`] : [];
}

/** Compares names and key identifiers, and verifies the signature. */
const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate) =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

const urisOf = (certificate: X509Certificate) =>
  (certificate.subjectAltName?.split(', ') ?? [])
    .filter((one) => one.startsWith('URI:'))
    .map((one) => one.slice(4));

/** The subject of a certificate, or its URIs: a workload's certificate has no subject. */
const nameOf = (certificate: X509Certificate | undefined): string =>
  certificate?.subject?.replaceAll('\n', ', ') ||
  (certificate && urisOf(certificate).join(', ')) ||
  'a certificate without a name';
