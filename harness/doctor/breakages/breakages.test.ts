import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyToBoth, broken, itemOf, resource, type BrokenSample } from '../broken-sample.ts';
import { checks } from '../checks.ts';
import { judge } from '../judge.ts';
import { breakages } from './index.ts';
import { judgeTogether, pairsOf, reports, textOf } from './pairs.ts';

test('each breakage is the first cause, and the only code above info', () => {
  assert.equal(new Set(breakages.map(({ id }) => id)).size, breakages.length);
  for (const one of breakages) {
    const { causes } = judge(broken(one.break));
    const others = causes.filter(
      ({ finding }) => finding.code !== one.code && (one.isInfo || finding.severity !== 'info'),
    );
    const [first] = causes;
    assert.ok(first && reports(first.finding, one), `${one.id}: ${causes.map(textOf).join('; ')}`);
    assert.deepEqual(others.map(textOf), [], one.id);
  }
});

test('the breakages cover most codes, and refer to breakages that exist', () => {
  const ids = new Set(breakages.map(({ id }) => id));
  assert.deepEqual(
    breakages.flatMap(({ follows = [] }) => follows.filter((id) => !ids.has(id))),
    [],
  );
  const codes = new Set(breakages.map(({ code }) => code));
  assert.ok(codes.size >= 0.8 * checks.length, `${codes.size} of ${checks.length} codes`);
});

test('of two breakages, both are causes unless one implies the other', () => {
  const pairs = fc.sample(fc.constantFrom(...pairsOf(breakages)), { numRuns: 60, seed: 15 });
  for (const [a, b] of pairs) {
    const { verdict, pair, hidden, causes } = judgeTogether(a, b);
    assert.notEqual(verdict, 'hidden', `${pair}: ${hidden.join(', ')} hidden\n${causes.join('\n')}`);
  }
});

const pairOf = (a: string, b: string) =>
  judgeTogether(
    itemOf(breakages, ({ id }) => id === a),
    itemOf(breakages, ({ id }) => id === b),
  );

test('a cause does not hide what stays wrong without it', () => {
  for (const [a, b] of [
    ['trust-domain-differs', 'principal-of-another-trust-domain'],
    ['trust-domain-differs', 'identity-of-an-old-trust-domain'],
    ['gateway-without-pods', 'wrong-selector'],
    ['intermediate-not-signed', 'root-of-the-peer-unknown'],
    ['network-label-unknown', 'proxy-on-another-network'],
    ['rule-without-mutual-tls', 'other-port-number'],
  ] as const)
    assert.equal(pairOf(a, b).verdict, 'named', `${a} and ${b}: ${pairOf(a, b).causes.join('; ')}`);
});

const codesOf = (breakIt: (sample: BrokenSample) => void) =>
  judge(broken(breakIt)).causes.map(({ finding, symptoms }) => [
    finding.code,
    ...new Set(symptoms.map(({ code }) => code)),
  ]);

test('nodes in another region come before the rules that name the region', () => {
  const failover = [{ from: 'region-west', to: 'region-east' }];
  const causes = codesOf((sample) => {
    for (const node of sample.west.nodes) node.region = 'region-moon';
    for (const shard of [sample.west, sample.east].flatMap(({ istiods }) => itemOf(istiods).shards))
      shard.localities = shard.localities.map((one) => one.replace('region-west', 'region-moon'));
    for (const cluster of [sample.west, sample.east])
      for (const { upstreams } of cluster.proxies)
        for (const { endpoints } of upstreams)
          for (const one of endpoints) one.priority = one.region === `region-${cluster.name}` ? 0 : 1;
    applyToBoth(
      sample,
      resource('DestinationRule', 'catalog', {
        host: 'catalog',
        trafficPolicy: {
          loadBalancer: { localityLbSetting: { failover } },
          outlierDetection: { consecutive5xxErrors: 3, maxEjectionPercent: 100 },
        },
      }),
    );
  });
  assert.deepEqual(causes, [['MP4104', 'MP4205']]);
});

test('a policy in one cluster only comes before an account of it that does not exist', () => {
  const policy = resource('AuthorizationPolicy', 'callers', {
    selector: { matchLabels: { app: 'catalog' } },
    rules: [{ from: [{ source: { principals: ['cluster.local/ns/meshproof/sa/unknown'] } }] }],
  });
  assert.deepEqual(
    codesOf(({ west }) => void west.resources.push(policy)),
    [['MP5102', 'MP1204']],
  );
});

test('a pair in which one breakage removes the other is not judged', () => {
  assert.equal(pairOf('gateway-missing', 'gateway-without-label').verdict, 'apart');
  assert.equal(pairOf('other-root', 'own-root').verdict, 'apart');
});
