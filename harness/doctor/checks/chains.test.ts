import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFirst, assertHealthy, broken, itemOf, type BrokenSample } from '../broken-sample.ts';
import {
  authorityCertificate,
  issueTo,
  sampleCertificate,
  writeAuthority,
  writeRoots,
} from '../issued-sample.ts';

const healthy = (change: (sample: BrokenSample) => void): void => assertHealthy(broken(change));

/** SPIRE issues the certificates of workloads; each istiod has an authority that signs only its own certificate. */
function spire(sample: BrokenSample): void {
  const root = authorityCertificate(sample, 'spire');
  for (const cluster of [sample.west, sample.east]) {
    const own = authorityCertificate(sample, `self-signed ${cluster.name}`);
    const server = authorityCertificate(sample, `spire ${cluster.name}`, root);
    itemOf(cluster.authorities).secret = 'istio-ca-secret';
    writeAuthority(cluster, [own], [own]);
    writeRoots(cluster, [own]);
    issueTo(sample, cluster, [server], [root]);
  }
}

test('healthy: SPIRE issues the certificates, and the authorities of the istiods differ', () => {
  healthy(spire);
});

test('healthy: SPIRE issues the certificates below the root that cacerts has too', () => {
  healthy((sample) => {
    const root = sampleCertificate(sample, 'root');
    for (const cluster of [sample.west, sample.east]) {
      issueTo(sample, cluster, [authorityCertificate(sample, `spire ${cluster.name}`, root)], [root]);
      for (const { certificate } of cluster.proxies)
        itemOf(sample.snapshot.certificates, ({ fingerprint }) => fingerprint === certificate[0]).subject =
          'C=US, O=SPIRE';
    }
  });
});

test('healthy: proxies whose roots are not in the snapshot have a certificate of another authority', () => {
  healthy((sample) => {
    spire(sample);
    for (const { proxies } of [sample.west, sample.east]) for (const proxy of proxies) proxy.roots = [];
  });
});

test('broken: the SPIRE servers of two clusters have different roots', () => {
  assertFirst(
    (sample) => {
      spire(sample);
      const root = authorityCertificate(sample, 'not federated');
      issueTo(sample, sample.east, [authorityCertificate(sample, 'spire server', root)], [root]);
    },
    { code: 'MP1101', severity: 'error', cluster: 'east', peer: 'west', symptoms: ['MP1112'] },
  );
});

test('healthy: an authority as cert-manager writes it, three levels below the root', () => {
  healthy((sample) => {
    const root = sampleCertificate(sample, 'root');
    const policy = authorityCertificate(sample, 'policy', root);
    const issuing = authorityCertificate(sample, 'issuing', policy);
    const { west } = sample;
    Object.assign(itemOf(west.authorities), {
      keys: ['ca.crt', 'tls.crt', 'tls.key'],
      certificate: [issuing.fingerprint, policy.fingerprint],
      chain: [],
    });
    issueTo(sample, west, [issuing, policy, root], [root]);
  });
});

test('healthy: a new root that the old root cross-signed, and clusters that have the old root only', () => {
  healthy((sample) => {
    const root = sampleCertificate(sample, 'root');
    const next = authorityCertificate(sample, 'next');
    const cross = authorityCertificate(sample, 'cross', root, {
      ...{ subject: next.subject, subjectKeyId: next.subjectKeyId },
    });
    const signing = authorityCertificate(sample, 'west 2027', next);
    signing.signedBy.push(cross.fingerprint);
    writeAuthority(sample.west, [signing, cross], [root, next]);
    issueTo(sample, sample.west, [signing, cross], [root, next]);
  });
});

test('healthy: a root that was issued again with the same key', () => {
  healthy((sample) => {
    const root = sampleCertificate(sample, 'root');
    const again = authorityCertificate(sample, 'again', undefined, {
      ...{ subject: root.subject, subjectKeyId: root.subjectKeyId },
    });
    for (const cluster of [sample.west, sample.east])
      sampleCertificate(sample, `ca-${cluster.name}`).signedBy.push(again.fingerprint);
    writeRoots(sample.east, [again]);
    for (const proxy of sample.east.proxies) proxy.roots = [again.fingerprint];
  });
});

test('broken: a root of the same name with another key', () => {
  assertFirst(
    (sample) => {
      const { subject } = sampleCertificate(sample, 'root');
      const namesake = authorityCertificate(sample, 'namesake', undefined, { subject });
      const signing = authorityCertificate(sample, 'below the namesake', namesake);
      writeAuthority(sample.east, [signing, namesake], [namesake]);
      writeRoots(sample.east, [namesake]);
      issueTo(sample, sample.east, [signing, namesake], [namesake]);
    },
    { code: 'MP1101', severity: 'error', cluster: 'east', peer: 'west', symptoms: ['MP1112'] },
  );
});

test('healthy: both clusters have two roots, and each signs by another', () => {
  healthy((sample) => {
    const root = sampleCertificate(sample, 'root');
    const next = authorityCertificate(sample, 'next');
    const signing = authorityCertificate(sample, 'east 2027', next);
    for (const cluster of [sample.west, sample.east]) {
      writeRoots(cluster, [root, next]);
      for (const proxy of cluster.proxies) proxy.roots = [root.fingerprint, next.fingerprint];
    }
    itemOf(sample.west.authorities).roots = [root.fingerprint, next.fingerprint];
    writeAuthority(sample.east, [signing, next], [root, next]);
    issueTo(sample, sample.east, [signing, next], [root, next]);
  });
});

/** West has two roots and an authority of the new one, which east does not have. */
function newRootTooEarly(sample: BrokenSample, isServed: boolean): void {
  const root = sampleCertificate(sample, 'root');
  const next = authorityCertificate(sample, 'root 2027');
  const signing = authorityCertificate(sample, 'west 2027', next);
  writeAuthority(sample.west, [signing, next], [root, next]);
  if (!isServed) return;
  writeRoots(sample.west, [root, next]);
  issueTo(sample, sample.west, [signing, next], [root, next]);
}

test('broken: a cluster signs by a new root that the other cluster does not have', () => {
  const { finding } = assertFirst((sample) => newRootTooEarly(sample, true), {
    code: 'MP1112',
    severity: 'error',
    cluster: 'east',
    peer: 'west',
    symptoms: [],
  });
  assert.match(finding.cause, /^The proxies of east do not have the root CN=root 2027 of west/);
  assert.match(finding.cause, /calls between east and west fail in both directions/);
  assert.match(finding.remedy, /append CN=root 2027 to root-cert.pem of cacerts in east/);
});

test('broken later: the same authority is in the Secret, and istiod has not loaded it', () => {
  assertFirst((sample) => newRootTooEarly(sample, false), {
    ...{ code: 'MP1101', severity: 'warning', cluster: 'west', peer: 'east' },
    symptoms: ['MP1107'],
  });
});

test('broken: a part of the proxies does not have the new root', () => {
  const { finding } = assertFirst(
    (sample) => {
      newRootTooEarly(sample, true);
      const next = sampleCertificate(sample, 'root 2027');
      writeRoots(sample.east, [sampleCertificate(sample, 'root'), next]);
      for (const proxy of sample.east.proxies)
        if (!/^probe/.test(proxy.pod)) proxy.roots.push(next.fingerprint);
    },
    { code: 'MP1112', severity: 'error', cluster: 'east', peer: 'west' },
  );
  assert.match(finding.cause, /^1 of \d+ proxies of east do not have the root CN=root 2027/);
  assert.match(finding.remedy, /^kubectl --context \S+ -n meshproof rollout restart deployment$/);
});

test('broken: proxies do not show the intermediate between their certificate and the root', () => {
  const { finding } = assertFirst(
    (sample) => {
      const root = sampleCertificate(sample, 'root');
      const policy = authorityCertificate(sample, 'policy', root);
      const issuing = authorityCertificate(sample, 'issuing', policy);
      writeAuthority(sample.west, [issuing, policy], [root]);
      issueTo(sample, sample.west, [issuing], [root]);
    },
    { code: 'MP1112', severity: 'error', cluster: 'west' },
  );
  assert.match(finding.cause, /do not get the intermediate CN=policy from west, so calls inside west fail/);
});

/** East signs by its own root; each MeshConfig has the root of the other cluster in caCertificates. */
function exchangedRoots(sample: BrokenSample, isSent: boolean): void {
  const root = sampleCertificate(sample, 'root');
  const own = authorityCertificate(sample, 'east root');
  const signing = authorityCertificate(sample, 'east', own);
  writeAuthority(sample.east, [signing, own], [own]);
  writeRoots(sample.east, [own]);
  issueTo(sample, sample.east, [signing, own], isSent ? [own, root] : [own]);
  if (isSent) for (const proxy of sample.west.proxies) proxy.roots.push(own.fingerprint);
  itemOf(sample.west.installs).settings!.caCertificates = [own.fingerprint];
  itemOf(sample.east.installs).settings!.caCertificates = [root.fingerprint];
}

test('healthy: clusters exchange their roots through caCertificates, and the proxies have them', () => {
  healthy((sample) => exchangedRoots(sample, true));
  healthy((sample) => {
    exchangedRoots(sample, true);
    itemOf(sample.east.authorities).secret = 'istio-ca-secret';
  });
});

test('broken: caCertificates has the root of the other cluster, but istiod does not send it', () => {
  const { symptoms } = assertFirst((sample) => exchangedRoots(sample, false), {
    ...{ code: 'MP1101', severity: 'error', cluster: 'east', peer: 'west' },
    symptoms: ['MP1112'],
  });
  const reasons = symptoms.flatMap(({ evidence }) => evidence.map(({ expected }) => expected));
  assert.ok(reasons.some((one) => String(one).includes('ISTIO_MULTIROOT_MESH=true')));
});

test('healthy: istiod of one cluster reads its authority from a volume without a Secret', () => {
  healthy(({ east }) => {
    east.authorities = [];
    itemOf(east.installs).authorityVolume = 'csi';
  });
});

test('broken later: cacerts was deleted after istiod started', () => {
  for (const volume of ['secret cacerts', undefined])
    assertFirst(
      ({ east }) => {
        east.authorities = [];
        if (volume) itemOf(east.installs).authorityVolume = volume;
      },
      { code: 'MP1109', severity: 'warning', cluster: 'east', symptoms: [] },
    );
});

test('broken later: cacerts of type kubernetes.io/tls lacks ca.crt', () => {
  const { finding } = assertFirst(
    ({ west }) => void (itemOf(west.authorities).keys = ['tls.crt', 'tls.key']),
    { code: 'MP1106', severity: 'warning', cluster: 'west' },
  );
  assert.match(finding.cause, /lacks ca.crt/);
});

test('an authority that ends in 59 minutes is an error if proxies show it, and a warning if only the Secret has it', () => {
  const ends = { notBefore: '2026-10-01T00:00:00Z', notAfter: '2026-11-01T12:59:18Z' };
  const { finding } = assertFirst(
    (sample) => void Object.assign(sampleCertificate(sample, 'ca-west'), ends),
    { code: 'MP1104', severity: 'error', cluster: 'west' },
  );
  assert.match(finding.cause, /expires in 59 minutes: then calls to and from west fail/);
  assertFirst(
    (sample) => {
      const root = sampleCertificate(sample, 'root');
      writeAuthority(sample.west, [authorityCertificate(sample, 'short', root, ends), root], [root]);
    },
    { code: 'MP1104', severity: 'warning', cluster: 'west' },
  );
});

test('an expired authority that only the Secret has is a warning, as calls work', () => {
  assertFirst(
    (sample) => {
      const root = sampleCertificate(sample, 'root');
      const old = { notAfter: '2026-10-31T00:00:00Z' };
      writeAuthority(sample.west, [authorityCertificate(sample, 'expired', root, old), root], [root]);
    },
    { code: 'MP1103', severity: 'warning', cluster: 'west', symptoms: ['MP1107'] },
  );
});

test('healthy: a namespace that istiod does not discover keeps a root of earlier', () => {
  assertHealthy(
    broken((sample) => {
      const { west } = sample;
      itemOf(west.installs).settings!.discoverySelectors = [
        {
          matchLabels: {},
          matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['default'] }],
        },
      ];
      const earlier = authorityCertificate(sample, 'earlier').fingerprint;
      itemOf(west.roots, ({ namespace }) => namespace === 'default').roots = [earlier];
    }),
  );
});
