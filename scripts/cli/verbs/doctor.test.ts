import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, type BrokenSample } from '../../../harness/doctor/broken-sample.ts';
import { judge } from '../../../harness/doctor/judge.ts';
import { sources } from '../../../harness/snapshot/shape-basics.ts';
import { codeOf, rightsAdvice, singleClusterAdvice } from './doctor.ts';

const ends = (breakIt: (sample: BrokenSample) => void, strict = false) => {
  const snapshot = broken(breakIt);
  return codeOf(judge(snapshot), snapshot, strict);
};
const lack =
  (reason: 'forbidden' | 'timeout' | 'unreachable' | 'failed' | 'limit' | 'noWay') =>
  ({ west }: BrokenSample) =>
    void west.missing.push({ what: 'nodes', reason, why: 'nodes is forbidden' });
const warn = ({ west }: BrokenSample) => void (west.remoteSecrets[0]!.skipsVerification = true);
const fail = ({ west }: BrokenSample) => void (west.remoteSecrets = []);

test('a healthy mesh ends with 0, an error with 1, a warning with 1 where that is asked for', () => {
  assert.equal(
    ends(() => undefined),
    0,
  );
  assert.equal(ends(fail), 1);
  assert.deepEqual([ends(warn), ends(warn, true)], [0, 1]);
});

test('what could not be read ends with 2, unless an error was found all the same', () => {
  for (const reason of ['forbidden', 'timeout', 'unreachable', 'failed'] as const) {
    assert.equal(ends(lack(reason)), 2, reason);
    const both = (sample: BrokenSample) => [lack(reason), fail].forEach((one) => one(sample));
    assert.equal(ends(both), 1, reason);
  }
  for (const reason of ['limit', 'noWay'] as const) assert.equal(ends(lack(reason)), 0, reason);
});

test('an account that may read nothing ends with 2', () => {
  const forbidden = ({ west, east }: BrokenSample) => {
    for (const cluster of [west, east]) {
      const lists = Object.entries(cluster).filter(([, value]) => Array.isArray(value));
      Object.assign(cluster, Object.fromEntries(lists.map(([key]) => [key, []])));
      cluster.missing = sources.map((what) => ({ what, reason: 'forbidden', why: 'status 403' }));
    }
  };
  assert.equal(ends(forbidden), 2);
});

test('a cluster that does not answer, or that lacks a credential, ends with 2', () => {
  for (const reason of ['timeout', 'noWay'] as const)
    assert.equal(
      ends(({ east }) => {
        const lists = Object.entries(east).filter(([, value]) => Array.isArray(value));
        Object.assign(east, Object.fromEntries(lists.map(([key]) => [key, []])));
        const missing = sources.map((what) => ({ what, reason, why: 'no credential from aws' }));
        Object.assign(east, { reachable: false, unreachable: 'no credential from aws', missing });
      }),
      2,
    );
});

test('a part that an account may not read is followed by the command that shows its rights', () => {
  const advice = (reason: Parameters<typeof lack>[0], given = {}) =>
    rightsAdvice(broken(lack(reason)), { name: 'lab', ...given });
  assert.match(advice('forbidden').join(), /`meshproof rights doctor --check --name lab`/);
  assert.match(advice('forbidden', { mesh: '/m.yaml' }).join(), /--check --mesh \/m\.yaml`/);
  assert.deepEqual(advice('timeout'), []);
  assert.deepEqual(advice('forbidden', { snapshot: '/s.json' }), []);
});

test('a single cluster is judged, with the advice to name the others', () => {
  const { clusters } = broken(() => undefined);
  const one = { ...broken(() => undefined), clusters: clusters.slice(0, 1) };
  assert.match(singleClusterAdvice(one, { context: ['west'] }).join(), /Give --context for each cluster/);
  assert.deepEqual(singleClusterAdvice(one, {}), []);
  assert.deepEqual(
    singleClusterAdvice(
      broken(() => undefined),
      { context: ['west', 'east'] },
    ),
    [],
  );
});
