import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeCoverage, requestsToSeeAll } from './coverage.ts';
import { timelineOf } from './sample-timelines.ts';

const members = { 'west-0': 1, 'west-1': 1, 'east-0': 1, 'east-1': 1 };
const recording = (n: number, pods: string[]) =>
  timelineOf({ forMs: n * 10, fate: (_, i) => ({ from: 'west', pod: pods[i % pods.length] ?? '' }) });

test('answers of every expected pod pass', () => {
  const judgement = judgeCoverage({ timeline: recording(8, Object.keys(members)), by: 'pod', members });
  assert.equal(judgement.verdict, 'pass', judgement.reason);
});

test('a pod that never answers fails if there were enough answers to see it', () => {
  const seen = ['west-0', 'west-1', 'east-0'];
  const enough = requestsToSeeAll(members);
  const judge = (n: number) => judgeCoverage({ timeline: recording(n, seen), by: 'pod', members });
  assert.equal(judge(enough).verdict, 'fail');
  assert.match(judge(enough).reason, /"east-1" answered 0 of \d+ requests/);
  assert.equal(judge(enough - 1).verdict, 'error');
  assert.match(judge(enough - 1).reason, new RegExp(`too few to judge: ${enough} are needed`));
});

test('an answer of an unexpected pod cannot be judged', () => {
  const judgement = judgeCoverage({
    timeline: recording(200, [...Object.keys(members), 'east-9']),
    by: 'pod',
    members,
  });
  assert.equal(judgement.verdict, 'error');
  assert.match(judgement.reason, /"east-9" answered, but is not among the expected pods/);
});

test('a recording without requests or members cannot be judged, and failed requests fail', () => {
  const nothing = timelineOf({ forMs: 0, fate: () => ({}) });
  assert.equal(judgeCoverage({ timeline: nothing, by: 'pod', members }).verdict, 'error');
  assert.equal(
    judgeCoverage({ timeline: recording(9, ['west-0']), by: 'pod', members: {} }).verdict,
    'error',
  );
  const failing = timelineOf({ forMs: 1000, fate: () => ({ outcome: 'noRoute' }) });
  assert.equal(judgeCoverage({ timeline: failing, by: 'pod', members }).verdict, 'fail');
});

test('requestsToSeeAll is the smallest number that misses a member with a probability of at most alpha', () => {
  // 4 × 0.75^n ≤ 1e-6: n ≥ ln(4e6) / ln(4/3) = 52.84.
  assert.equal(requestsToSeeAll(members), 53);
  assert.equal(requestsToSeeAll({ only: 3 }), 1);
  assert.equal(requestsToSeeAll({ some: 1, none: 0 }), 1);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 2, maxLength: 8 }),
      fc.double({ min: 1e-9, max: 0.1, noNaN: true }),
      (weights, alpha) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const missed = (n: number) => weights.reduce((sum, weight) => sum + (1 - weight / total) ** n, 0);
        const n = requestsToSeeAll(Object.fromEntries(weights.map((weight, i) => [`p${i}`, weight])), alpha);
        assert.ok(missed(n) <= alpha && missed(n - 1) > alpha);
      },
    ),
  );
});
