import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { mkdtempDisposableSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { cacertsData, ensureAuthorities, issueAuthorities } from './pki.ts';

const topology = (root: 'ecdsa-p256' | 'rsa-2048', intermediate: 'ecdsa-p256' | 'ecdsa-p384' | 'rsa-2048') =>
  ({
    meshId: 'm',
    trust: {
      domain: 'cluster.local',
      root: { key: root, validDays: 100 },
      intermediate: { key: intermediate, validDays: 10 },
    },
    clusters: [{ name: 'west' }, { name: 'east' }],
  }) as unknown as Parameters<typeof issueAuthorities>[0];

for (const [root, intermediate] of [
  ['ecdsa-p256', 'ecdsa-p256'],
  ['rsa-2048', 'ecdsa-p384'],
  ['ecdsa-p256', 'rsa-2048'],
] as const) {
  test(`a ${intermediate} intermediate signed by a ${root} root passes openssl verify`, async () => {
    using temporary = mkdtempDisposableSync(join(tmpdir(), 'meshproof-pki-'));
    const folder = temporary.path;
    const authorities = await issueAuthorities(topology(root, intermediate));
    const rootFile = join(folder, 'root.pem');
    writeFileSync(rootFile, authorities.root.certificate);
    for (const cluster of ['west', 'east']) {
      const data = cacertsData(authorities, cluster);
      const file = join(folder, `${cluster}.pem`);
      writeFileSync(file, data['ca-cert.pem'] ?? '');
      assert.match(execFileSync('openssl', ['verify', '-CAfile', rootFile, file]).toString(), /: OK/);
      const certificate = new X509Certificate(data['ca-cert.pem'] ?? '');
      assert.ok(certificate.ca);
      assert.ok(certificate.checkPrivateKey(createPrivateKey(data['ca-key.pem'] ?? '')));
      const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / 86_400_000;
      assert.equal(days, 10);
    }
  });
}

test('authorities are kept in private files, and reissued for another trust section', async () => {
  using temporary = mkdtempDisposableSync(join(tmpdir(), 'meshproof-pki-'));
  const folder = join(temporary.path, 'lab');
  const lab = { folder, topology: topology('ecdsa-p256', 'ecdsa-p256') } as unknown as Parameters<
    typeof ensureAuthorities
  >[0];
  const first = await ensureAuthorities(lab);
  assert.deepEqual(await ensureAuthorities(lab), first);
  assert.equal(statSync(join(folder, 'authorities.json')).mode & 0o777, 0o600);
  const other = { folder, topology: topology('rsa-2048', 'ecdsa-p256') } as unknown as Parameters<
    typeof ensureAuthorities
  >[0];
  assert.notEqual((await ensureAuthorities(other)).root.certificate, first.root.certificate);
});

for (const root of ['ecdsa-p256', 'rsa-2048'] as const) {
  test(`a cluster that joins later gets its intermediate from the existing ${root} root`, async () => {
    using temporary = mkdtempDisposableSync(join(tmpdir(), 'meshproof-pki-'));
    const folder = temporary.path;
    const before = topology(root, 'ecdsa-p256');
    const first = await issueAuthorities(before);
    const three = { ...before, clusters: [...before.clusters, { name: 'north' }] } as typeof before;
    const second = await issueAuthorities(three, first);
    assert.deepEqual(second.root, first.root);
    assert.deepEqual(second.intermediates['west'], first.intermediates['west']);
    writeFileSync(join(folder, 'root.pem'), second.root.certificate);
    writeFileSync(join(folder, 'north.pem'), second.intermediates['north']?.certificate ?? '');
    const verified = execFileSync('openssl', [
      'verify',
      '-CAfile',
      join(folder, 'root.pem'),
      join(folder, 'north.pem'),
    ]);
    assert.match(verified.toString(), /: OK/);
  });
}

test('the error for a cluster without an authority names the cluster', async () => {
  const authorities = await issueAuthorities(topology('ecdsa-p256', 'ecdsa-p256'));
  assert.throws(() => cacertsData(authorities, 'north'), /Cluster north/);
});
