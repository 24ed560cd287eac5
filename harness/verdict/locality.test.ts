import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeEjection, judgeStaysIn } from './locality.ts';
import { judgeOutcomes } from './outcomes.ts';
import { answersFrom, timelineOf, type Fate } from './sample-timelines.ts';

test('all traffic in one region passes, and one request elsewhere fails', () => {
  const judge = (counts: Record<string, number>) =>
    judgeStaysIn({ timeline: answersFrom(counts), region: 'west', atLeast: 50 });
  assert.equal(judge({ west: 50 }).verdict, 'pass');
  assert.equal(judge({ west: 49 }).verdict, 'error');
  assert.equal(judge({}).verdict, 'error');
  assert.match(judge({ west: 199, east: 1 }).reason, /1 of 200 requests left west: 1 east/);
  assert.equal(
    judge({ west: 9, east: 1 }).verdict,
    'fail',
    'few requests are enough to see a broken promise',
  );
});

test('a failed request did not stay in the region', () => {
  const timeline = timelineOf({
    forMs: 900,
    fate: (t) => (t === 50 ? { outcome: 'upstreamReset' } : { from: 'west' }),
  });
  assert.equal(judgeStaysIn({ timeline, region: 'west', atLeast: 5 }).verdict, 'fail');
  assert.equal(
    judgeStaysIn({ timeline, region: 'west', atLeast: 5, window: { fromMs: 60 } }).verdict,
    'pass',
  );
});

const expectation = {
  boundMs: 500,
  baseEjectionTimeMs: 10_000,
  budgetErrors: 5,
  atLeast: 30,
  region: 'west',
  unhealthyPod: 'west-3',
};
const judgeUnhealthy = (localPods: number, fate: (startMs: number, i: number) => Fate, forMs = 4000) =>
  judgeEjection({
    timeline: timelineOf({ forMs, events: { unhealthy: 1000 }, fate }),
    fault: { injected: 'unhealthy' },
    localPods,
    ...expectation,
  });
const ejectedAfter = (errors: number, after: (i: number) => Fate) => (startMs: number, i: number) =>
  startMs < 1000
    ? { from: 'west', pod: `west-${i % 4}` }
    : startMs < 1000 + errors * 10
      ? { outcome: 'appError' as const }
      : after(i);

test('an unhealthy pod that is ejected while three other pods keep the traffic local passes', () => {
  const judgement = judgeUnhealthy(
    4,
    ejectedAfter(3, (i) => ({ from: 'west', pod: `west-${i % 3}` })),
  );
  assert.equal(judgement.verdict, 'pass', judgement.reason);
});

test('a fault without a failed request cannot be judged, whichever pod answers after it', () => {
  for (const pods of [4, 3]) {
    const { verdict, reason } = judgeUnhealthy(4, (_, i) => ({ from: 'west', pod: `west-${i % pods}` }));
    assert.equal(verdict, 'error');
    assert.match(reason, /no request failed after west-3.*the fault had no visible effect/);
  }
});

test('traffic that leaves, further errors, and a pod that still answers fail', () => {
  const cases: [(i: number) => Fate, RegExp][] = [
    [(i) => ({ from: i % 50 ? 'west' : 'east' }), /left west/],
    [(i) => (i % 4 ? { from: 'west' } : { outcome: 'appError' }), /failed/],
    [
      (i) => ({ from: 'west', pod: `west-${i % 4}` }),
      /west-3 still answered \d+ of \d+ requests after the bound/,
    ],
  ];
  for (const [after, reason] of cases) {
    const judgement = judgeUnhealthy(4, ejectedAfter(3, after));
    assert.match(judgement.reason, reason);
    assert.equal(judgement.verdict, 'fail');
  }
  assert.match(
    judgeUnhealthy(
      4,
      ejectedAfter(6, () => ({ from: 'west' })),
    ).reason,
    /6 requests failed/,
  );
});

test('with one of two pods ejected, 30 % of the traffic may leave, by an exact test', () => {
  const judge = (eastOfTen: number) =>
    judgeUnhealthy(
      2,
      ejectedAfter(3, (i) => ({ from: i % 10 < eastOfTen ? 'east' : 'west' })),
    );
  assert.equal(judge(3).verdict, 'pass', judge(3).reason);
  assert.equal(judge(0).verdict, 'fail');
  assert.equal(judge(6).verdict, 'fail');
});

test('a fault without effect, or a recording that is too short, cannot be judged', () => {
  assert.match(
    judgeUnhealthy(4, (_, i) => ({ from: 'west', pod: `west-${i % 4}` })).reason,
    /the fault had no visible effect/,
  );
  assert.equal(judgeUnhealthy(4, (_, i) => ({ from: 'west', pod: `west-${i % 4}` })).verdict, 'error');
  assert.equal(
    judgeUnhealthy(
      4,
      ejectedAfter(3, () => ({ from: 'west' })),
      1550,
    ).verdict,
    'error',
  );
  assert.equal(judgeUnhealthy(4, () => ({ from: 'east' })).verdict, 'error', 'the baseline was not local');
});

test('every request must have an expected outcome in time', () => {
  const judge = (fate: (startMs: number) => Fate, atLeast = 1) =>
    judgeOutcomes({
      timeline: timelineOf({ forMs: 200, fate }),
      expected: ['noHealthyUpstream', 'connectFailure'],
      withinMs: 100,
      atLeast,
    });
  const down: Fate = { outcome: 'noHealthyUpstream', latencyMs: 8 };
  assert.equal(judge(() => down).verdict, 'pass');
  assert.match(
    judge((t) => (t === 0 ? { outcome: 'connectFailure', latencyMs: 100 } : down)).reason,
    /19 noHealthyUpstream, 1 connectFailure, the slowest after 100 ms/,
  );
  const hanging = judge((t) => (t === 0 ? { ...down, latencyMs: 101 } : down));
  assert.deepEqual(
    [hanging.verdict, /1 outcome took longer than 100 ms, the slowest 101 ms/.test(hanging.reason)],
    ['fail', true],
  );
  const through = judge((t) => (t === 0 ? { from: 'east', detail: 'via_upstream' } : down));
  assert.match(
    through.reason,
    /1 of 20 requests were not noHealthyUpstream or connectFailure: 1 ok, such as "via_upstream"/,
  );
  assert.equal(judge(() => down, 21).verdict, 'error');
  assert.equal(
    judgeOutcomes({ timeline: timelineOf({ forMs: 0, fate: () => down }), expected: 'denied' }).verdict,
    'error',
  );
});

test('an outcome that is late by at most the delay of its sender cannot be judged', () => {
  const timeline = timelineOf({ forMs: 200, fate: () => ({ outcome: 'upstreamTimeout', latencyMs: 150 }) });
  const judge = (lateMs: number) =>
    judgeOutcomes({ timeline: { ...timeline, lateMs }, expected: 'upstreamTimeout', withinMs: 100 });
  assert.equal(judge(49).verdict, 'fail');
  assert.equal(judge(50).verdict, 'error');
  assert.match(judge(50).reason, /sent up to 50 ms after they were due: this machine is too busy/);
});
