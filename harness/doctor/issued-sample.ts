import { sampleFingerprint } from '../snapshot/sample/sample-names.ts';
import { certificate } from '../snapshot/sample/sample.ts';
import type { Certificate } from '../snapshot/schema.ts';
import { itemOf, type BrokenSample, type SampleCluster } from './broken-sample.ts';

/** A certificate of the sample, such as `root` or `ca-west`. */
export const sampleCertificate = ({ snapshot }: BrokenSample, name: string): Certificate =>
  itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === sampleFingerprint(name));

/** Adds a certificate authority. Without a signer, it signs itself. */
export function authorityCertificate(
  { snapshot }: BrokenSample,
  name: string,
  signer?: Certificate,
  over: Partial<Certificate> = {},
): Certificate {
  const subject = over.subject ?? `CN=${name}`;
  const one = certificate(name, {
    ...{ subject, issuer: signer?.subject ?? subject, isCa: true, selfSigned: !signer },
    ...{ notBefore: '2026-01-01T00:00:00Z', notAfter: '2036-01-01T00:00:00Z' },
    ...{ signedBy: signer ? [signer.fingerprint] : [] },
    ...over,
  });
  snapshot.certificates.push(one);
  return one;
}

/** Lets every proxy of a cluster, and its gateway in probes, show a certificate below a chain of authorities, and hold the roots. */
export function issueTo(
  sample: BrokenSample,
  cluster: SampleCluster,
  chain: readonly Certificate[],
  roots: readonly Certificate[],
): void {
  const [signer] = chain;
  const above = chain.map(({ fingerprint }) => fingerprint);
  for (const proxy of cluster.proxies) {
    const [fingerprint = ''] = proxy.certificate;
    const leaf = itemOf(sample.snapshot.certificates, (one) => one.fingerprint === fingerprint);
    Object.assign(leaf, { issuer: signer?.subject, signedBy: above.slice(0, 1) });
    Object.assign(proxy, { certificate: [fingerprint, ...above], roots: fingerprintsOf(roots) });
  }
  const shown = itemOf(cluster.proxies, ({ type }) => type === 'sidecar').certificate;
  for (const { probes } of sample.snapshot.clusters)
    for (const probe of probes)
      if (probe.target === 'eastWestGateway' && probe.cluster === cluster.name) probe.chain = [...shown];
}

/** Writes an authority to the Secret of a cluster. */
export function writeAuthority(
  cluster: SampleCluster,
  [signing, ...above]: readonly Certificate[],
  roots: readonly Certificate[],
): void {
  const chain = fingerprintsOf([...(signing ? [signing] : []), ...above]);
  Object.assign(itemOf(cluster.authorities), {
    certificate: chain.slice(0, 1),
    ...{ chain, roots: fingerprintsOf(roots) },
  });
}

/** Writes roots to the ConfigMaps of a cluster. */
export function writeRoots(cluster: SampleCluster, roots: readonly Certificate[]): void {
  for (const map of cluster.roots) map.roots = fingerprintsOf(roots);
}

const fingerprintsOf = (certificates: readonly Certificate[]): string[] =>
  certificates.map(({ fingerprint }) => fingerprint);
