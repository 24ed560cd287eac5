import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import {
  BasicConstraintsExtension,
  type Extension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { ClusterTrust } from '../traffic/read-trust.ts';
import { judgeIdentities, judgeMixedIssuers, judgeSharedRoot } from './trust.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const now = new Date('2026-06-01T00:00:00Z');
const day = (n: number) => new Date(now.getTime() + n * 86_400_000);

interface Issued {
  pem: string;
  subject: string;
  keys: webcrypto.CryptoKeyPair;
}

async function issue(
  subject: string,
  issuer: Issued | undefined,
  extensions: Extension[],
  [from, to]: [Date, Date] = [day(-10), day(10)],
): Promise<Issued> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: '01',
      subject,
      issuer: issuer?.subject ?? subject,
      notBefore: from,
      notAfter: to,
      publicKey: keys.publicKey,
      signingKey: (issuer?.keys ?? keys).privateKey,
      signingAlgorithm: algorithm,
      extensions,
    },
    webcrypto,
  );
  return { pem: `${certificate.toString('pem')}\n`, subject, keys };
}

const authority = (pathLength?: number) => new BasicConstraintsExtension(true, pathLength, true);
const id = 'spiffe://cluster.local/ns/meshproof/sa/orders';
const workload = (uri = id) => [new SubjectAlternativeNameExtension([{ type: 'url', value: uri }], true)];

const root = await issue('CN=root', undefined, [authority()]);
const west = await issue('CN=west', root, [authority(0)]);
const east = await issue('CN=east', root, [authority(0)]);
const leaf = await issue('CN=leaf', west, workload());

const trust = (over: Partial<ClusterTrust> = {}): ClusterTrust => ({
  cluster: 'west',
  primary: true,
  roots: root.pem,
  intermediate: west.pem,
  workloads: [{ who: 'west/orders-1', chain: [leaf.pem, west.pem, root.pem], spiffeId: id }],
  ...over,
});
const showing = (chain: string[], over: Partial<ClusterTrust> = {}) =>
  judgeIdentities(trust({ workloads: [{ who: 'west/orders-1', chain, spiffeId: id }], ...over }), now);

test('a chain from the intermediate of the cluster to the root passes', () => {
  const { verdict, reason, measurements } = judgeIdentities(trust(), now);
  assert.equal(verdict, 'pass', reason);
  assert.match(reason, /^1 workload certificate issued by CN=west/);
  assert.equal(measurements.find(({ unit }) => unit === 'min')?.value, 10 * 24 * 60);
  // A workload does not have to show the root.
  assert.equal(showing([leaf.pem, west.pem]).verdict, 'pass');
});

test('the reason names each problem of a chain', async () => {
  const strange = await issue('CN=leaf', west, workload('spiffe://cluster.local/ns/other/sa/orders'));
  const nameless = await issue('CN=leaf', west, []);
  const expired = await issue('CN=leaf', west, workload(), [day(-9), day(-1)]);
  const early = await issue('CN=leaf', west, workload(), [day(1), day(9)]);
  const foreign = await issue('CN=leaf', east, workload());
  const selfMade = await issue('CN=root', undefined, [authority()]);
  const cases: [string[], Partial<ClusterTrust>, RegExp][] = [
    [[], {}, /orders-1: the workload did not show a certificate/],
    [[strange.pem, west.pem], {}, /its SPIFFE id is spiffe:.*other.*, not spiffe/],
    [[nameless.pem, west.pem], {}, /its SPIFFE id is missing/],
    [[expired.pem, west.pem], {}, /has expired on 2026-05-31/],
    [[early.pem, west.pem], {}, /is valid only from 2026-06-02/],
    [[foreign.pem, east.pem], {}, /issued by CN=east, not by the cluster's own CN=west/],
    [[leaf.pem], {}, /chain does not contain CN=west after its own certificate/],
    [[leaf.pem, west.pem], { roots: selfMade.pem }, /CN=west is not issued by a root that west trusts/],
  ];
  for (const [chain, over, expected] of cases) {
    const { verdict, reason } = showing(chain, over);
    assert.equal(verdict, 'fail');
    assert.match(reason, expected);
  }
});

test('authorities must be marked as such, and their path length must allow the chain', async () => {
  const unmarked = await issue('CN=west', root, [new BasicConstraintsExtension(false, undefined, true)]);
  const under = await issue('CN=leaf', unmarked, workload());
  const wrong = showing([under.pem, unmarked.pem], { intermediate: unmarked.pem });
  assert.match(wrong.reason, /not by the cluster's own|is not marked as an authority/);
  const short = await issue('CN=root', undefined, [authority(0)]);
  const below = await issue('CN=west', short, [authority(0)]);
  const last = await issue('CN=leaf', below, workload());
  const { reason } = showing([last.pem, below.pem], { intermediate: below.pem, roots: short.pem });
  assert.match(reason, /CN=root allows 0 authorities below it, but there are 1/);
});

test('a chain may contain several authorities up to the root, if all are shown and valid', async () => {
  const corporate = await issue('CN=corporate', root, [authority(1)]);
  const own = await issue('CN=west', corporate, [authority(0)]);
  const last = await issue('CN=leaf', own, workload());
  const judge = (...behind: Issued[]) =>
    showing(
      [last, own, ...behind].map(({ pem }) => pem),
      { intermediate: own.pem },
    );
  assert.equal(judge(corporate).verdict, 'pass', judge(corporate).reason);
  assert.equal(judge(corporate, root).verdict, 'pass');
  assert.match(judge().reason, /CN=west is not issued by a root that west trusts/);
  assert.match(judge(east).reason, /CN=west is not issued by a root/);

  const expired = await issue('CN=corporate', root, [authority(0)], [day(-9), day(-1)]);
  const below = await issue('CN=west', expired, [authority(0)]);
  const leaf = await issue('CN=leaf', below, workload());
  const { reason } = showing([leaf.pem, below.pem, expired.pem], { intermediate: below.pem });
  assert.match(reason, /CN=corporate has expired/);
  assert.match(reason, /CN=corporate allows 0 authorities below it, but there are 1/);
});

test('a cluster without workloads cannot be judged', () => {
  assert.equal(judgeIdentities(trust({ workloads: [] }), now).verdict, 'error');
});

test('clusters must share their roots, but not an intermediate', async () => {
  const other = trust({ cluster: 'east', intermediate: east.pem });
  assert.equal(judgeSharedRoot([trust(), other], now).verdict, 'pass');
  const remote = trust({ cluster: 'far', primary: false });
  assert.equal(judgeSharedRoot([trust(), other, remote], now).verdict, 'pass');
  const shared = judgeSharedRoot([trust(), trust({ cluster: 'east' })], now);
  assert.match(shared.reason, /2 clusters share 1 intermediate/);
  const another = await issue('CN=another', undefined, [authority()]);
  const split = judgeSharedRoot([trust(), { ...other, roots: another.pem }], now);
  assert.match(split.reason, /2 different sets of roots: west trusts CN=root; east trusts CN=another/);
  const both = judgeSharedRoot(
    [trust({ roots: root.pem + another.pem }), { ...other, roots: another.pem + root.pem }],
    now,
  );
  assert.equal(both.verdict, 'pass', both.reason);
  const none = judgeSharedRoot([trust(), { ...other, roots: '' }], now);
  assert.match(none.reason, /east has no root/);
  const old = await issue('CN=old', undefined, [authority()], [day(-9), day(-1)]);
  assert.match(judgeSharedRoot([trust({ roots: old.pem })], now).reason, /root of west: CN=old has expired/);
});

test('workloads use certificates of two issuers if their chains show two', () => {
  const pod = (name: string, ...issuers: string[]) => ({
    who: `west/${name}`,
    chain: [leaf.pem, ...issuers],
  });
  const both = judgeMixedIssuers([pod('orders-1', west.pem), pod('orders-2', east.pem)]);
  assert.equal(both.verdict, 'pass', both.reason);
  for (const pods of [[], [pod('orders-1', west.pem), pod('orders-2', west.pem)]])
    assert.equal(judgeMixedIssuers(pods).verdict, 'error');
  const silent = judgeMixedIssuers([pod('orders-1', west.pem), pod('orders-2', east.pem), pod('orders-3')]);
  assert.match(silent.reason, /orders-3 of an unknown issuer/);
  assert.equal(silent.verdict, 'error');
});
