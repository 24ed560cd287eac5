import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOutage } from './outage-cost.ts';
import { answeredOk } from './outage.ts';
import { timelineOf } from './sample-timelines.ts';
import { judgeWithStarvation, type Starved } from './starvation.ts';

const fault = { injected: 'begin', healed: 'end' };
const starved: Starved[] = [{ fromMs: 400, toMs: 900, waitedMs: 480, cluster: 'west' }];

/** The judgement of a recording whose requests at the given moments are lost; each fails after `latencyMs`. */
const judged = (lostAt: readonly number[], waits: readonly Starved[] = starved, latencyMs = 100) =>
  judgeWithStarvation({
    timeline: timelineOf({
      forMs: 2000,
      fate: (startMs) =>
        lostAt.includes(startMs) ? { outcome: 'connectFailure', latencyMs } : { from: 'west' },
      events: { begin: 300, end: 1000 },
    }),
    judge: (timeline) => judgeOutage({ timeline, fault, budgetErrors: 0, budgetMs: 0 }),
    good: answeredOk(),
    starved: waits,
  });

test('requests that are lost while a proxy waits for a processor make the judgement an error', () => {
  const { verdict, reason, measurements } = judged([350, 500, 850]);
  assert.equal(verdict, 'error');
  assert.match(reason, /a proxy of west waited 480 ms for a processor.*\(3\) broke the promise: 3 requests/);
  assert.ok(measurements.length > 0);
});

test('a request that is lost without a waiting proxy fails', () => {
  assert.equal(judged([500, 950]).verdict, 'fail');
  assert.equal(judged([290]).verdict, 'fail');
  assert.equal(judged([500], []).verdict, 'fail');
  assert.doesNotMatch(judged([500, 950]).reason, /processor/);
});

test('a short wait does not explain a lost request, but several waits together do', () => {
  const short = { ...starved[0]!, waitedMs: 215 };
  assert.equal(judged([310], [short], 2_100).verdict, 'fail');
  const later = { ...short, fromMs: 900, toMs: 1150 };
  const last = { ...later, fromMs: 1150, toMs: 1400 };
  assert.equal(judged([310], [short, later, last], 2_100).verdict, 'error');
  // Waits in the same period delay the request for at most that period, and waits before the request not at all.
  assert.equal(judged([310], [later, { ...later, cluster: 'east' }, later], 2_100).verdict, 'fail');
  assert.equal(judged([890], [{ ...short, waitedMs: 480 }], 100).verdict, 'fail');
});

test('a pass stays a pass, however long proxies wait', () => {
  assert.equal(judged([]).verdict, 'pass');
});

test('a long wait explains that a healthy host is missing soon after it', () => {
  const refused = (waitedMs: number, endMs: number) =>
    judgeWithStarvation({
      timeline: timelineOf({
        forMs: 2000,
        fate: (startMs) =>
          startMs === 950 ? { outcome: 'noHealthyUpstream', latencyMs: 2 } : { from: 'west' },
        events: { begin: 300, end: 1000 },
      }),
      judge: (timeline) => judgeOutage({ timeline, fault, budgetErrors: 0, budgetMs: 0 }),
      good: answeredOk(),
      starved: [{ fromMs: endMs - 600, toMs: endMs, waitedMs, cluster: 'east' }],
    }).verdict;
  assert.equal(refused(550, 900), 'error');
  assert.equal(refused(450, 900), 'fail'); // too short to eject a host
  assert.equal(refused(550, 1_700), 'fail'); // after the request
  assert.equal(refused(550, -30_000), 'fail'); // long ago
});
