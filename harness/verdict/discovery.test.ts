import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationMs } from '../base/go-duration.ts';
import type { AccessRule } from '../mesh/reader-account.ts';
import { discoveryBound, judgeSync, type SyncEvidence } from './discovery.ts';
import { judgeReader } from './reader-access.ts';

const synced: SyncEvidence = {
  status: 'synced',
  pods: { orders: 2 },
  shards: { orders: 2 },
  weights: { orders: 2 },
};

test('all sources must agree that a cluster is synced', () => {
  assert.equal(judgeSync('east', synced).verdict, 'pass');
  assert.match(
    judgeSync('east', { ...synced, status: 'syncing' }).reason,
    /clusterz reports east as syncing/,
  );
  const { status: _, ...unlisted } = synced;
  assert.match(judgeSync('east', unlisted).reason, /clusterz does not list east/);
  assert.match(judgeSync('east', { ...synced, shards: {} }).reason, /endpointShardz .*: orders 0 of 2/);
  assert.match(
    judgeSync('east', { ...synced, weights: { orders: 1 } }).reason,
    /weights for east than pods: orders 1 of 2/,
  );
});

test('failing calls fail the judgement, whatever istiod reports', () => {
  const requests = [{ startMs: 0, endMs: 1, outcome: 'noHealthyUpstream' as const }];
  const traffic = { service: 'orders', atLeast: 1, timeline: { startedAt: '', requests, events: [] } };
  const { verdict, reason } = judgeSync('east', { ...synced, traffic });
  assert.equal(verdict, 'fail');
  assert.match(reason, /1 of 1 request to orders failed/);
});

test('the bound of discovery follows from the longest debouncing of the istiods', () => {
  assert.throws(() => discoveryBound([], 5000), /needs an istiod of another cluster/);
  assert.deepEqual(discoveryBound([{}], 5000), { boundMs: 15_000, quietMs: 100 });
  const slow = { PILOT_DEBOUNCE_MAX: '1m30s', PILOT_DEBOUNCE_AFTER: '1s' };
  assert.deepEqual(discoveryBound([{}, slow], 0), { boundMs: 90_000, quietMs: 1000 });
});

test('durations are parsed in the format of Go', () => {
  assert.deepEqual(
    ['100ms', '1.5s', '1m30s', '2h', '1s500us'].map(durationMs),
    [100, 1500, 90_000, 7_200_000, 1000.5],
  );
  for (const bad of ['', '10', 's', '1 s', '-1s']) assert.throws(() => durationMs(bad), /not a duration/);
});

const rule = (verbs: string[], resources: string[], apiGroups = ['']): AccessRule => ({
  namespace: 'default',
  verbs,
  resources,
  apiGroups,
});
const admission = ['admissionregistration.k8s.io'];
const reads = rule(['get', 'list', 'watch'], ['pods', 'services']);
const mayEverywhere = { 'list pods': true, 'watch pods': true };
const judge = (...rules: AccessRule[]) => judgeReader({ rules, incomplete: false, mayEverywhere });

test('a reader account may read, and may use reviews and service exports as Istio grants them', () => {
  const istios = [
    rule(['create'], ['tokenreviews'], ['authentication.k8s.io']),
    rule(['create'], ['selfsubjectrulesreviews'], ['authorization.k8s.io']),
    rule(['get', 'create', 'delete'], ['serviceexports', 'serviceimports'], ['multicluster.x-k8s.io']),
    rule(['get', 'list'], ['*'], ['security.istio.io']),
  ];
  assert.equal(judge(reads, ...istios).verdict, 'pass');
});

test('the account of a primary may write roots and webhooks of its remote cluster, and nothing else', () => {
  const control = [
    rule(['create', 'get', 'list', 'watch', 'update'], ['configmaps']),
    rule(['get', 'list', 'watch', 'update', 'patch'], ['mutatingwebhookconfigurations'], admission),
    rule(['get', 'list', 'watch', 'update'], ['validatingwebhookconfigurations'], admission),
  ];
  const of = (role: 'primary' | 'remote', ...rules: AccessRule[]) =>
    judgeReader({ rules, incomplete: false, mayEverywhere, role }).verdict;
  assert.equal(of('remote', reads, ...control), 'pass');
  assert.equal(of('primary', reads, ...control), 'fail');
  for (const more of [
    rule(['delete'], ['configmaps']),
    rule(['patch'], ['validatingwebhookconfigurations'], admission),
    rule(['update'], ['secrets']),
  ])
    assert.equal(of('remote', reads, ...control, more), 'fail');
});

test('reading Secrets is allowed and reported', () => {
  const { verdict, measurements } = judge(reads, rule(['list'], ['secrets']));
  assert.equal(verdict, 'pass');
  assert.equal(measurements.find(({ name }) => name.includes('Secrets'))?.value, 1);
});

for (const [what, excess] of Object.entries({
  'update pods': rule(['get', 'update'], ['pods']),
  'create pods/exec': rule(['create'], ['pods/exec']),
  'get pods/exec': rule(['get'], ['pods/exec']),
  'get nodes/proxy': rule(['get'], ['nodes/proxy']),
  'impersonate users': rule(['impersonate'], ['users']),
  'escalate clusterroles.rbac.authorization.k8s.io': rule(
    ['escalate'],
    ['clusterroles'],
    ['rbac.authorization.k8s.io'],
  ),
  '* pods': rule(['*'], ['pods']),
  'get *': rule(['get'], ['*']),
  'list pods.*': rule(['list'], ['pods'], ['*']),
}))
  test(`a reader account that may ${what} fails`, () => {
    const { verdict, reason } = judge(reads, excess);
    assert.equal(verdict, 'fail');
    assert.ok(reason.includes(`"${what}"`), reason);
  });

test('a reader account without a needed right fails', () => {
  const { verdict, reason } = judgeReader({
    rules: [reads],
    incomplete: true,
    mayEverywhere: { ...mayEverywhere, 'list nodes': false },
  });
  assert.equal(verdict, 'fail');
  assert.match(reason, /may not "list nodes"/);
});

test('an incomplete list of rules cannot be judged', () => {
  assert.equal(judgeReader({ rules: [reads], incomplete: true, mayEverywhere }).verdict, 'error');
});
