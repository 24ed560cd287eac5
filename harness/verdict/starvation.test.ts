import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeOutage } from './outage-cost.ts';
import { answeredOk } from './outage.ts';
import { timelineOf } from './sample-timelines.ts';
import { judgeBesideStarvation, type Starved } from './starvation.ts';

const fault = { injected: 'begin', healed: 'end' };
const starved: Starved[] = [{ fromMs: 400, toMs: 900, waitedMs: 480, cluster: 'west' }];

/** Requests that are lost at the given moments, each known 100 ms later when not given. */
const judged = (lostAt: readonly number[], beside: readonly Starved[] = starved, latencyMs = 100) =>
  judgeBesideStarvation({
    timeline: timelineOf({
      forMs: 2000,
      fate: (startMs) =>
        lostAt.includes(startMs) ? { outcome: 'connectFailure', latencyMs } : { from: 'west' },
      events: { begin: 300, end: 1000 },
    }),
    judge: (timeline) => judgeOutage({ timeline, fault, budgetErrors: 0, budgetMs: 0 }),
    good: answeredOk(),
    starved: beside,
  });

test('requests that were lost while a proxy waited for a processor are no evidence', () => {
  const { verdict, reason, measurements } = judged([350, 500, 850]);
  assert.equal(verdict, 'error');
  assert.match(reason, /a proxy of west waited 480 ms for a processor.*\(3\): 3 requests/);
  assert.ok(measurements.length > 0);
});

test('one that was lost at another time is, and so are all where none waited', () => {
  assert.equal(judged([500, 950]).verdict, 'fail');
  assert.equal(judged([290]).verdict, 'fail');
  assert.equal(judged([500], []).verdict, 'fail');
  assert.doesNotMatch(judged([500, 950]).reason, /processor/);
});

test('a wait that was a small part of a lost request is no reason for it, as many together are', () => {
  const short = { ...starved[0]!, waitedMs: 215 };
  assert.equal(judged([310], [short], 2_100).verdict, 'fail');
  const later = { ...short, fromMs: 900, toMs: 1150 };
  const last = { ...later, fromMs: 1150, toMs: 1400 };
  assert.equal(judged([310], [short, later, last], 2_100).verdict, 'error');
  // Side by side they delay it for no longer than the stretch of time that they are in, and before it not at all.
  assert.equal(judged([310], [later, { ...later, cluster: 'east' }, later], 2_100).verdict, 'fail');
  assert.equal(judged([890], [{ ...short, waitedMs: 480 }], 100).verdict, 'fail');
});

test('a promise that was kept stays kept, however long proxies waited', () => {
  assert.equal(judged([]).verdict, 'pass');
});
