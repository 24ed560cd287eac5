import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptFields } from './kept-fields.ts';
import { hashUnusedLabels } from './kept-labels.ts';
import { kept, snapshotHash } from './kept.ts';
import { sampleSnapshot } from './sample/sample.ts';

const hash = snapshotHash();
const { VirtualService: virtualService = {}, DestinationRule: destinationRule = {} } =
  keptFields['networking.istio.io'] ?? {};
const { AuthorizationPolicy: authorizationPolicy = {} } = keptFields['security.istio.io'] ?? {};
const specOf = (spec: object, table = virtualService) => kept(spec, table, hash);

test('two routes that differ in the value of a header alone do not look alike', () => {
  const route = (value: string) => ({
    http: [
      { match: [{ headers: { 'x-team': { exact: value } } }], headers: { request: { set: { a: value } } } },
    ],
  });
  assert.deepEqual(specOf(route('a')), specOf(route('a')));
  assert.notDeepEqual(specOf(route('a')), specOf(route('b')));
  assert.match(JSON.stringify(specOf(route('a'))), /"headers":"hash:[0-9a-f]{16}"/);
});

test('a field that no table lists is seen as a difference, with its name and value hashed', () => {
  const spec = (value: string) => ({ hosts: ['a'], 'x-new': { value } });
  const one = specOf(spec('secret'));
  assert.deepEqual(Object.keys(one as object), ['hosts', 'other']);
  assert.notDeepEqual(one, specOf(spec('another')));
  assert.deepEqual(specOf({ b: 1, a: 2 }), specOf({ a: 2, b: 1 }));
});

test('a list of settings remains if it has known words only', () => {
  const retries = (retryOn: string) => ({ http: [{ retries: { attempts: 2, retryOn } }] });
  const known = retries('connect-failure,refused-stream,503');
  assert.deepEqual(specOf(known), known);
  assert.doesNotMatch(JSON.stringify(specOf(retries('reset,velvet'))), /velvet/);
});

test('a hash cannot be compared across snapshots', () => {
  assert.equal(hash('a'), hash('a'));
  assert.notEqual(hash('a'), snapshotHash()('a'));
});

test('a value of another shape than its table is hashed, and names of JavaScript are names like others', () => {
  const secret = { deep: ['velvet'] };
  const odd: object[] = [
    { hosts: secret },
    { http: 'velvet' },
    { http: [['velvet']] },
    { constructor: 'velvet' },
  ];
  for (const spec of odd) assert.doesNotMatch(JSON.stringify(specOf(spec)), /velvet/);
  const rules = [
    {
      when: [
        { key: '__proto__', values: ['velvet'] },
        { key: 'constructor', values: ['velvet'] },
      ],
    },
  ];
  assert.doesNotMatch(JSON.stringify(specOf({ rules }, authorizationPolicy)), /velvet/);
});

test('the fields of policies and rules that checks read remain as applied', () => {
  const policy = {
    selector: { matchLabels: { app: 'a' } },
    action: 'DENY',
    rules: [
      {
        from: [{ source: { principals: ['cluster.local/ns/a/sa/b'], notNamespaces: ['c'] } }],
        when: [{ key: 'source.principal', values: ['td/ns/a/sa/b'] }],
      },
    ],
  };
  assert.deepEqual(specOf(policy, authorizationPolicy), policy);
  const rule = {
    host: 'a',
    exportTo: ['.'],
    subsets: [{ name: 'v1', labels: { version: 'v1' }, trafficPolicy: { tls: { mode: 'DISABLE' } } }],
    trafficPolicy: {
      loadBalancer: {
        localityLbSetting: {
          enabled: true,
          distribute: [{ from: 'a/*', to: { 'a/*': 100 } }],
          failover: [{ from: 'a', to: 'b' }],
          failoverPriority: ['topology.istio.io/network'],
        },
      },
      outlierDetection: { consecutive5xxErrors: 5, maxEjectionPercent: 100 },
      portLevelSettings: [{ port: { number: 80 }, tls: { mode: 'ISTIO_MUTUAL' } }],
    },
  };
  assert.deepEqual(specOf(rule, destinationRule), rule);
});

test('labels that a selector of any cluster uses remain, and other labels but known ones are hashed', () => {
  const { clusters } = sampleSnapshot();
  const [west, east] = [clusters[0] ?? assert.fail(), clusters[1] ?? assert.fail()];
  const spec = { subsets: [{ name: 'gold', labels: { tier: 'gold' } }] };
  west.resources.push({ ...(west.resources[0] ?? assert.fail()), kind: 'DestinationRule', spec });
  const pod = east.pods[0] ?? assert.fail();
  const known = { app: 'catalog', 'topology.istio.io/network': 'n' };
  pod.labels = { ...known, tier: 'gold', note: 'velvet' };
  hashUnusedLabels(clusters, hash);
  assert.deepEqual(pod.labels, { ...known, tier: 'gold', note: hash('velvet') });
  assert.deepEqual(spec.subsets[0]?.labels, { tier: 'gold' });
});
