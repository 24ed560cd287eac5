import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeShares } from './balance.ts';
import { distributionOf } from './distribution.ts';
import { answersFrom, timelineOf } from './sample-timelines.ts';

const evenly = { west: 1, east: 1 };

test('shares as weighted pass, with the allowed range in the measurements', () => {
  const judgement = judgeShares({
    timeline: answersFrom({ west: 55, east: 45 }),
    by: 'region',
    weights: evenly,
    scope: 'west→*',
  });
  assert.equal(judgement.verdict, 'pass', judgement.reason);
  assert.deepEqual(judgement.measurements[0], {
    name: 'share answered by west',
    value: 55,
    unit: '%',
    atLeast: 26,
    atMost: 74,
    scope: 'west→*',
  });
});

test('a share outside its exact interval fails with the numbers', () => {
  const judgement = judgeShares({
    timeline: answersFrom({ west: 80, east: 20 }),
    by: 'region',
    weights: evenly,
  });
  assert.equal(judgement.verdict, 'fail');
  assert.match(
    judgement.reason,
    /region west answered 80 of 100 requests \(80 %\), expected 50 %: 26 to 74 requests/,
  );
});

test('80/20 as configured passes, and even shares fail', () => {
  const weights = { west: 80, east: 20 };
  const judge = (counts: Record<string, number>) =>
    judgeShares({ timeline: answersFrom(counts), by: 'cluster', weights });
  assert.equal(judge({ west: 162, east: 38 }).verdict, 'pass');
  assert.equal(judge({ west: 100, east: 100 }).verdict, 'fail');
  assert.equal(judge({ west: 200 }).verdict, 'fail');
});

test('an answer from a region without weight fails', () => {
  const judgement = judgeShares({
    timeline: answersFrom({ west: 50, east: 49, north: 1 }),
    by: 'region',
    weights: evenly,
  });
  assert.equal(judgement.verdict, 'fail');
  assert.match(judgement.reason, /region north answered 1 of 100 requests, but has no weight/);
});

test('failed requests beyond the budget fail, whatever the shares are', () => {
  const timeline = timelineOf({
    forMs: 1000,
    fate: (_, i) => (i === 7 ? { outcome: 'upstreamReset' } : { from: i % 2 ? 'west' : 'east' }),
  });
  const judge = (failureBudget: number) =>
    judgeShares({ timeline, by: 'region', weights: evenly, failureBudget });
  assert.equal(judge(1).verdict, 'pass');
  assert.equal(judge(0).verdict, 'fail');
  assert.match(judge(0).reason, /1 request failed \(1 upstreamReset\), at most 0 may/);
});

test('a recording in which all requests fail is a fail, not an error', () => {
  const timeline = timelineOf({ forMs: 100, fate: () => ({ outcome: 'noHealthyUpstream' }) });
  assert.equal(judgeShares({ timeline, by: 'region', weights: evenly }).verdict, 'fail');
});

test('missing evidence cannot be judged', () => {
  const judge = (counts: Record<string, number>, weights: Record<string, number> = evenly) =>
    judgeShares({ timeline: answersFrom(counts), by: 'region', weights });
  assert.match(judge({}).reason, /no request was recorded/);
  assert.match(judge({ west: 5, east: 5 }).reason, /10 answers are too few/);
  assert.match(judge({ west: 50, east: 50 }, {}).reason, /expected weights are invalid/);
  assert.match(judge({ west: 50, east: 50 }, { west: NaN }).reason, /weight of "west" is NaN/);
  const unnamed = timelineOf({ forMs: 1000, fate: () => ({}) });
  assert.match(
    judgeShares({ timeline: unnamed, by: 'pod', weights: evenly }).reason,
    /100 answers did not name the pod/,
  );
  for (const counts of [{}, { west: 5, east: 5 }]) assert.equal(judge(counts).verdict, 'error');
});

test('ten answers are enough to fail if a correct mesh would not give them', () => {
  const tenToOne = { west: 1, east: 1e6 };
  const judgement = judgeShares({ timeline: answersFrom({ west: 10 }), by: 'region', weights: tenToOne });
  assert.equal(judgement.verdict, 'fail');
});

test('a single category must have all answers', () => {
  assert.equal(
    judgeShares({ timeline: answersFrom({ west: 3 }), by: 'region', weights: { west: 7 } }).verdict,
    'pass',
  );
});

test('a distribution counts answers by origin and failures by outcome within its window', () => {
  const timeline = timelineOf({
    forMs: 100,
    fate: (startMs) =>
      startMs < 30 ? { outcome: 'denied' } : startMs === 40 ? {} : { from: 'east', pod: 'east-1' },
  });
  const { counts, answered, unnamed, failed, failures, requests } = distributionOf(timeline, 'pod', {
    fromMs: 20,
    toMs: 70,
  });
  assert.deepEqual([...counts], [['east-1', 3]]);
  assert.deepEqual([...failed], [['denied', 1]]);
  assert.deepEqual([answered, unnamed, failures, requests], [3, 1, 1, 5]);
});
