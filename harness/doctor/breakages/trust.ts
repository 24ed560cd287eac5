import { certificate } from '../../snapshot/sample/sample.ts';
import { sampleFingerprint } from '../../snapshot/sample/sample-names.ts';
import type { Certificate } from '../../snapshot/schema.ts';
import { applyToBoth, itemOf, resource, type BrokenSample, type SampleCluster } from '../broken-sample.ts';
import { settingsOf, type Breakage } from './breakage.ts';

/** The certificate with which the istiod of a cluster signs. */
const signerOf = ({ snapshot }: BrokenSample, { authorities }: SampleCluster): Certificate => {
  const { certificate: own } = itemOf(authorities, ({ secret }) => secret === 'cacerts');
  return itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === own[0]);
};

/** The certificate of a workload of west. */
const leafOfWest = ({ snapshot, west }: BrokenSample): Certificate => {
  const own = itemOf(west.proxies, ({ type }) => type === 'sidecar').certificate[0];
  return itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === own);
};

/** Gives east an authority of another root, in its Secret only. */
export function addOtherRoot(sample: BrokenSample): { root: Certificate; authority: Certificate } {
  const { snapshot, east } = sample;
  const root = certificate('other', {
    ...{ subject: 'CN=other', issuer: 'CN=other', isCa: true, selfSigned: true },
    notAfter: '2036-01-01T00:00:00Z',
  });
  const authority = certificate('ca-other', {
    ...signerOf(sample, east),
    fingerprint: sampleFingerprint('ca-other'),
    signedBy: [root.fingerprint],
  });
  snapshot.certificates.push(root, authority);
  Object.assign(itemOf(east.authorities), {
    certificate: [authority.fingerprint],
    chain: [authority.fingerprint],
    roots: [root.fingerprint],
  });
  return { root, authority };
}

/** East has another root, and its proxies use it. */
export function otherRoot(sample: BrokenSample): void {
  const { snapshot, east, west } = sample;
  const old = itemOf(east.authorities).roots;
  const { root, authority } = addOtherRoot(sample);
  for (const map of east.roots) map.roots = [root.fingerprint];
  for (const proxy of east.proxies) {
    proxy.roots = [root.fingerprint];
    for (const one of snapshot.certificates)
      if (one.fingerprint === proxy.certificate[0]) one.signedBy = [authority.fingerprint];
    proxy.certificate = [...proxy.certificate.slice(0, 1), authority.fingerprint, root.fingerprint];
  }
  for (const probe of west.probes)
    if (probe.target === 'eastWestGateway' && probe.cluster === east.name && probe.chain.length > 0)
      probe.chain = [...probe.chain.slice(0, 1), authority.fingerprint, root.fingerprint];
  for (const proxy of east.proxies)
    for (const upstream of proxy.upstreams)
      upstream.trusts = upstream.trusts.map((one) => (old.includes(one) ? root.fingerprint : one));
}

const allow = (name: string, principal: string) =>
  resource('AuthorizationPolicy', name, {
    selector: { matchLabels: { app: 'catalog' } },
    rules: [
      { from: [{ source: { principals: [principal, 'cluster.local/ns/meshproof/sa/webapp'] } }] },
      { from: [{ source: { namespaces: ['meshproof', 'istio-system'] } }] },
    ],
  });

export const trustBreakages: readonly Breakage[] = [
  { id: 'other-root', code: 'MP1101', cluster: 'east', break: otherRoot },
  {
    id: 'own-root',
    code: 'MP1109',
    cluster: 'east',
    break: (sample) => {
      otherRoot(sample);
      itemOf(sample.east.authorities).secret = 'istio-ca-secret';
    },
  },
  {
    id: 'intermediate-not-signed',
    code: 'MP1102',
    cluster: 'west',
    break: (sample) => void (signerOf(sample, sample.west).signedBy = []),
  },
  {
    id: 'authority-expired',
    code: 'MP1103',
    cluster: 'west',
    break: (sample) => void (signerOf(sample, sample.west).notAfter = '2026-10-31T00:00:00Z'),
  },
  {
    id: 'authority-expires-soon',
    code: 'MP1104',
    cluster: 'east',
    break: (sample) =>
      void Object.assign(signerOf(sample, sample.east), {
        notBefore: '2025-11-11T00:00:00Z',
        notAfter: '2026-11-11T00:00:00Z',
      }),
  },
  {
    id: 'authority-not-valid-yet',
    code: 'MP1105',
    cluster: 'west',
    break: (sample) => void (signerOf(sample, sample.west).notBefore = '2026-11-02T00:00:00Z'),
  },
  {
    id: 'authority-without-its-key',
    code: 'MP1106',
    cluster: 'west',
    break: ({ west }) =>
      void (itemOf(west.authorities, ({ secret }) => secret === 'cacerts').keyFits = false),
  },
  {
    id: 'signer-is-not-an-authority',
    code: 'MP1110',
    cluster: 'west',
    break: (sample) => void (signerOf(sample, sample.west).isCa = false),
  },
  {
    id: 'certificate-not-renewed',
    isEffect: true,
    code: 'MP1111',
    cluster: 'west',
    break: (sample) => void (leafOfWest(sample).notAfter = '2026-11-01T11:30:00Z'),
  },
  {
    id: 'root-of-the-peer-unknown',
    isEffect: true,
    code: 'MP1112',
    cluster: 'west',
    peer: 'east',
    break: ({ west }) =>
      void (itemOf(west.proxies, ({ type }) => type === 'sidecar').roots = [sampleFingerprint('api-west')]),
  },
  {
    id: 'weak-key',
    code: 'MP1114',
    cluster: 'west',
    break: (sample) => void (signerOf(sample, sample.west).keyType = 'rsa 1024'),
  },
  {
    id: 'trust-domain-differs',
    code: 'MP1201',
    cluster: 'east',
    break: (sample) => {
      const { east } = sample;
      itemOf(east.istiods);
      settingsOf(east).trustDomain = 'east.example';
      for (const istiod of east.istiods) istiod.settings.trustDomain = 'east.example';
      const own = new Set(east.proxies.map(({ certificate: [leaf] }) => leaf));
      for (const one of sample.snapshot.certificates)
        if (own.has(one.fingerprint))
          one.uris = one.uris.map((uri) => uri.replace('cluster.local', 'east.example'));
    },
  },
  {
    id: 'alias-of-nothing',
    code: 'MP1202',
    isInfo: true,
    break: ({ west }) => {
      for (const settings of [settingsOf(west), ...west.istiods.map((one) => one.settings)])
        settings.trustDomainAliases = [...settings.trustDomainAliases, 'gone'];
    },
  },
  {
    id: 'principal-of-another-trust-domain',
    code: 'MP1203',
    break: (sample) => applyToBoth(sample, allow('old-callers', 'older.example/ns/meshproof/sa/webapp')),
  },
  {
    id: 'unknown-account',
    code: 'MP1204',
    break: (sample) => applyToBoth(sample, allow('callers', 'cluster.local/ns/meshproof/sa/unknown')),
  },
  {
    id: 'identity-of-an-old-trust-domain',
    code: 'MP1205',
    cluster: 'west',
    break: (sample) => void (leafOfWest(sample).uris = ['spiffe://old.example/ns/meshproof/sa/x']),
  },
];
