import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleFingerprint } from '../../snapshot/sample/sample-names.ts';
import { certificate } from '../../snapshot/sample/sample.ts';
import type { Certificate } from '../../snapshot/schema.ts';
import { addOtherRoot } from '../breakages/trust.ts';
import { applyToBoth, assertFirst, type BrokenSample, resource, itemOf } from '../broken-sample.ts';

const caOf = ({ snapshot }: BrokenSample, cluster: string): Certificate =>
  itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === sampleFingerprint(`ca-${cluster}`));

/** Gives east its own authority, either in use or only in the secret. */
function otherRoot(sample: BrokenSample, served: boolean): void {
  const { snapshot, east } = sample;
  const { root, authority } = addOtherRoot(sample);
  if (!served) return;
  for (const map of east.roots) map.roots = [root.fingerprint];
  for (const proxy of east.proxies) {
    proxy.roots = [root.fingerprint];
    const leaf = itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === proxy.certificate[0]);
    leaf.signedBy = [authority.fingerprint];
  }
}

test('roots differ', () => {
  assertFirst((sample) => otherRoot(sample, true), {
    code: 'MP1101',
    severity: 'error',
    cluster: 'east',
    peer: 'west',
    symptoms: ['MP1112', 'MP3403'],
  });
});

test('an authority of another root that is in the Secret only: a warning, as calls work until istiod loads it', () => {
  const { finding } = assertFirst((sample) => otherRoot(sample, false), {
    code: 'MP1101',
    severity: 'warning',
    cluster: 'east',
    peer: 'west',
    symptoms: ['MP1107', 'MP1108'],
  });
  assert.match(finding.cause, /calls between them fail after istiod of east loads it/);
});

test('an intermediate is not signed by the root in its secret', () => {
  assertFirst((sample) => void (caOf(sample, 'west').signedBy = []), {
    code: 'MP1102',
    severity: 'error',
    cluster: 'west',
  });
});

test('an authority has expired, expires soon, is not valid yet', () => {
  assertFirst((sample) => void (caOf(sample, 'west').notAfter = '2026-10-31T00:00:00Z'), {
    code: 'MP1103',
    severity: 'error',
    cluster: 'west',
  });
  const lastYear = { notBefore: '2025-11-11T00:00:00Z', notAfter: '2026-11-11T00:00:00Z' };
  assertFirst((sample) => void Object.assign(caOf(sample, 'east'), lastYear), {
    code: 'MP1104',
    severity: 'warning',
    cluster: 'east',
  });
  assertFirst((sample) => void (caOf(sample, 'west').notBefore = '2026-11-02T00:00:00Z'), {
    code: 'MP1105',
    severity: 'error',
    cluster: 'west',
  });
});

test('the secret is not usable', () => {
  assertFirst(({ west }) => void (itemOf(west.authorities).keyFits = false), {
    code: 'MP1106',
    cluster: 'west',
  });
  assertFirst(({ west }) => void itemOf(west.authorities).keys.pop(), { code: 'MP1106', cluster: 'west' });
});

test('a new authority of the same root is in the secret but not in use', () => {
  assertFirst(
    (sample) => {
      const authority = certificate('ca-new', {
        ...caOf(sample, 'west'),
        fingerprint: sampleFingerprint('ca-new'),
      });
      sample.snapshot.certificates.push(authority);
      itemOf(sample.west.authorities).certificate = [authority.fingerprint];
      itemOf(sample.west.authorities).chain = [authority.fingerprint];
    },
    { code: 'MP1107', severity: 'warning', cluster: 'west', symptoms: [] },
  );
});

test('namespaces have another root', () => {
  assertFirst(({ west }) => void (itemOf(west.roots).roots = [sampleFingerprint('api-west')]), {
    code: 'MP1108',
    severity: 'warning',
    cluster: 'west',
  });
});

test('istiod created its own root', () => {
  assertFirst(
    (sample) => {
      otherRoot(sample, true);
      itemOf(sample.east.authorities).secret = 'istio-ca-secret';
    },
    { code: 'MP1109', severity: 'error', cluster: 'east' },
  );
});

test('the signing certificate is not an authority', () => {
  assertFirst((sample) => void (caOf(sample, 'west').isCa = false), {
    code: 'MP1110',
    severity: 'error',
    cluster: 'west',
  });
});

test('a proxy does not renew', () => {
  const leafOf = ({ snapshot, west }: BrokenSample) =>
    itemOf(snapshot.certificates, ({ fingerprint }) => fingerprint === itemOf(west.proxies).certificate[0]);
  const yesterday = { notBefore: '2026-10-31T12:30:00Z', notAfter: '2026-11-01T12:30:00Z' };
  assertFirst((sample) => void Object.assign(leafOf(sample), yesterday), {
    code: 'MP1111',
    severity: 'warning',
    cluster: 'west',
  });
  assertFirst((sample) => void (leafOf(sample).notAfter = '2026-11-01T11:30:00Z'), {
    code: 'MP1111',
    severity: 'error',
    cluster: 'west',
  });
});

test('proxies lack the root of another cluster', () => {
  assertFirst(({ west }) => void (itemOf(west.proxies).roots = [sampleFingerprint('api-west')]), {
    code: 'MP1112',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
});

test('a weak authority', () => {
  assertFirst((sample) => void (caOf(sample, 'west').keyType = 'rsa 1024'), {
    code: 'MP1114',
    severity: 'warning',
    cluster: 'west',
  });
});

test('trust domains differ without aliases; an unknown alias is an info', () => {
  assertFirst(({ east }) => void (itemOf(east.installs).settings!.trustDomain = 'east.example'), {
    code: 'MP1201',
    severity: 'error',
    cluster: 'east',
    symptoms: ['MP1205'],
  });
  assertFirst(({ west }) => void (itemOf(west.installs).settings!.trustDomainAliases = ['gone']), {
    code: 'MP1202',
    severity: 'info',
  });
});

const allow = (principal: string) =>
  resource('AuthorizationPolicy', 'callers', {
    selector: { matchLabels: { app: 'catalog' } },
    rules: [{ from: [{ source: { principals: [principal] } }] }],
  });

test('principals that the mesh cannot issue', () => {
  assertFirst((sample) => applyToBoth(sample, allow('old.example/ns/meshproof/sa/webapp')), {
    code: 'MP1203',
    severity: 'warning',
  });
  assertFirst((sample) => applyToBoth(sample, allow('cluster.local/ns/meshproof/sa/unknown')), {
    code: 'MP1204',
    severity: 'warning',
  });
  assertFirst(
    (sample) => {
      applyToBoth(sample, allow('cluster.local/ns/meshproof/sa/webapp'));
      itemOf(sample.west.installs).settings!.trustDomainAliases = ['gone'];
    },
    { code: 'MP1202' },
  );
});

test('proxies have identities of an old trust domain', () => {
  assertFirst(
    ({ snapshot, west }) => {
      const leaf = itemOf(
        snapshot.certificates,
        ({ fingerprint }) => fingerprint === itemOf(west.proxies).certificate[0],
      );
      leaf.uris = ['spiffe://old.example/ns/istio-system/sa/x'];
    },
    { code: 'MP1205', severity: 'warning', cluster: 'west' },
  );
});
