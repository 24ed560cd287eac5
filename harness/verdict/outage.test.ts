import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { judgeOutage } from './outage-cost.ts';
import { answeredOk, durationMs, findOutages, spansOf } from './outage.ts';
import { judgeRecovery } from './recovery.ts';
import { recordOf, timelineOf, type Fate } from './sample-timelines.ts';
import { requestsIn } from './window.ts';

const reset: Fate = { outcome: 'upstreamReset' };
const served = answeredOk();
/** A recording with one request for each letter, every 10 ms, with 2 ms latency: `.` good, `x` bad. */
const drawn = (picture: string) => [...picture].map((c, i) => recordOf(i * 10, c === 'x' ? reset : {}));
const cut =
  (fromMs: number, toMs: number, bad: Fate = reset) =>
  (startMs: number) =>
    startMs >= fromMs && startMs < toMs ? bad : { from: 'west' };

test('an outage lasts from the last good answer to the first of N good answers in a row', () => {
  assert.deepEqual(findOutages(drawn('...xxx....'), served, 3), [
    { beganMs: 22, firstBadMs: 30, detectedMs: 32, recoveredMs: 62, errors: 3, relapses: 0 },
  ]);
});

test('fewer than N good requests in a row are a relapse of the same outage', () => {
  const [outage, ...more] = findOutages(drawn('...x..x.x....'), served, 3);
  assert.deepEqual(more, []);
  assert.deepEqual([outage?.errors, outage?.relapses, outage?.recoveredMs], [3, 2, 92]);
});

test('N good requests between two failures make two outages', () => {
  const outages = findOutages(drawn('...x...xx....'), served, 3);
  assert.deepEqual(
    outages.map(({ errors, beganMs, recoveredMs }) => [errors, beganMs, recoveredMs]),
    [
      [1, 22, 42],
      [2, 62, 92],
    ],
  );
});

test('an outage is unresolved until N good requests in a row', () => {
  for (const picture of ['...xxx', '...xxx..']) {
    const [outage] = findOutages(drawn(picture), served, 3);
    assert.equal(outage?.recoveredMs, undefined);
    assert.equal(outage && durationMs(outage), undefined);
  }
});

test('an outage at the beginning of a recording begins with the first request', () => {
  assert.equal(findOutages(drawn('xx...'), served, 3)[0]?.beganMs, 0);
});

test('client timeouts that arrive after the recovery do not lengthen the outage', () => {
  const hang: Fate = { outcome: 'clientTimeout', latencyMs: 5000 };
  const timeline = timelineOf({ forMs: 9000, fate: cut(1000, 3000, hang) });
  const [outage, ...more] = findOutages(requestsIn(timeline), served, 5);
  assert.deepEqual(more, []);
  assert.deepEqual([outage?.beganMs, outage?.recoveredMs, outage?.detectedMs], [992, 3002, 6000]);
});

test('a good answer in flight across the outage neither begins nor ends it', () => {
  const requests = [
    ...drawn('..'),
    recordOf(15, { latencyMs: 3000 }),
    ...drawn('xxxxxx......').map((r) => ({ ...r, startMs: r.startMs + 20, endMs: r.endMs + 20 })),
  ];
  const [outage] = findOutages(requests, served, 3);
  assert.deepEqual([outage?.beganMs, outage?.recoveredMs], [12, 82]);
});

test('slow answers are bad if the predicate rejects them', () => {
  const timeline = timelineOf({ forMs: 500, fate: cut(100, 200, { from: 'west', latencyMs: 400 }) });
  assert.equal(findOutages(requestsIn(timeline), served).length, 0);
  assert.equal(findOutages(requestsIn(timeline), answeredOk({ withinMs: 300 }))[0]?.errors, 10);
  assert.equal(findOutages(requestsIn(timeline), answeredOk({ region: 'east' }))[0]?.errors, 50);
});

test('a known cut is measured within one request interval and one latency at each end', () => {
  const times = { fromMs: fc.integer({ min: 200, max: 900 }), lastsMs: fc.integer({ min: 50, max: 2000 }) };
  fc.assert(
    fc.property(
      times.fromMs,
      times.lastsMs,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 60 }),
      (fromMs, lastsMs, everyMs, latencyMs) => {
        fc.pre(lastsMs > everyMs * 2);
        const fate = (startMs: number): Fate => ({
          ...(startMs >= fromMs && startMs < fromMs + lastsMs ? reset : {}),
          latencyMs,
        });
        const [outage] = findOutages(
          requestsIn(timelineOf({ forMs: fromMs + lastsMs + 1000, everyMs, fate })),
          served,
        );
        const error = (outage ? (durationMs(outage) ?? NaN) : NaN) - lastsMs;
        assert.ok(error > -everyMs && error <= 2 * (everyMs + latencyMs), `off by ${error} ms`);
      },
    ),
  );
});

test('outages of any recording are in order, and contain every bad request once', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ bad: fc.boolean(), latencyMs: fc.integer({ min: 0, max: 90 }) })),
      fc.integer({ min: 1, max: 4 }),
      (fates, inARow) => {
        const requests = fates.map(({ bad, latencyMs }, i) =>
          recordOf(i * 10, { ...(bad ? reset : {}), latencyMs }),
        );
        const outages = findOutages(requests, served, inARow);
        assert.equal(
          outages.reduce((sum, { errors }) => sum + errors, 0),
          fates.filter(({ bad }) => bad).length,
        );
        outages.forEach((outage, i) => {
          assert.ok(outage.beganMs <= outage.firstBadMs && outage.firstBadMs <= outage.detectedMs);
          assert.ok(
            outage.recoveredMs === undefined
              ? i === outages.length - 1
              : outage.recoveredMs >= outage.firstBadMs,
          );
        });
      },
    ),
  );
});

const budget = { fault: { injected: 'cut', healed: 'mended' }, budgetErrors: 30, budgetMs: 400 };
const events = { cut: 1000, mended: 1200 };
const judgeCut = (toMs: number, forMs = 3000) =>
  judgeOutage({ timeline: timelineOf({ forMs, events, fate: cut(1000, toMs) }), ...budget });

test('an outage within its budgets passes, with detection and recovery measured', () => {
  const judgement = judgeCut(1200);
  assert.equal(judgement.verdict, 'pass', judgement.reason);
  const values = Object.fromEntries(judgement.measurements.map(({ name, value }) => [name, value]));
  assert.deepEqual(values, {
    'requests lost to the fault': 20,
    outage: 210,
    outages: 1,
    relapses: 0,
    'detection after the fault': 2,
    'recovery after the fault': 202,
    'recovery after healing': 2,
  });
});

test('a recording without failures passes; too many errors, a long or an endless outage fail', () => {
  assert.equal(judgeCut(1000).verdict, 'pass');
  assert.match(judgeCut(1310).reason, /31 requests not served \(31 upstreamReset\), at most 30 may$/);
  assert.match(judgeCut(1500).reason, /not served for 510 ms \(in 1 outage\), at most 400 ms/);
  assert.match(judgeCut(9999).reason, /not over when the recording ended/);
  for (const toMs of [1310, 1500, 9999]) assert.equal(judgeCut(toMs).verdict, 'fail');
});

test('several short outages share one budget', () => {
  const fate = (startMs: number) => (startMs >= 1000 && startMs < 3000 && startMs % 200 < 50 ? reset : {});
  const judgement = judgeOutage({
    timeline: timelineOf({ forMs: 5000, events, fate }),
    ...budget,
    budgetErrors: 100,
  });
  assert.equal(judgement.verdict, 'fail');
  assert.match(judgement.reason, /\(in 10 outages\)/);
});

test('a request in flight at the fault belongs to it', () => {
  const fate = (startMs: number): Fate => (startMs === 990 ? { ...reset, latencyMs: 20 } : {});
  const judgement = judgeOutage({
    timeline: timelineOf({ forMs: 2000, events, fate }),
    ...budget,
    budgetErrors: 0,
  });
  assert.match(judgement.reason, /1 request not served/);
  assert.equal(judgement.verdict, 'fail');
});

test('a recording without baseline or events, or a short recording, cannot be judged', () => {
  const judge = (fate: (startMs: number) => Fate, forMs = 3000, at: Record<string, number> = events) =>
    judgeOutage({ timeline: timelineOf({ forMs, events: at, fate }), ...budget });
  const cases: [ReturnType<typeof judge>, RegExp][] = [
    [judge(() => reset), /100 of 100 requests before the fault were not as expected/],
    [judge(cut(500, 510)), /1 of 100 requests before the fault/],
    [judge(cut(1000, 1200), 3000, { cut: 0, mended: 5 }), /only 0 requests ended before the fault/],
    [judge(cut(1000, 1200), 3000, {}), /"cut" was recorded 0 times/],
    [judge(cut(1000, 1200), 3000, { cut: 1000, mended: 900 }), /"mended" \(900 ms\) comes before "cut"/],
    [judge(cut(1000, 9999), 1200), /recording ends 190 ms after the fault, before 5 good/],
    [judge(cut(1000, 1010), 1030), /only 3 requests ended after the fault/],
    [judge(cut(1000, 1100), 1500, { cut: 1000, mended: 1600 }), /ends 110 ms before the end of the fault/],
  ];
  for (const [judgement, reason] of cases) {
    assert.match(judgement.reason, reason);
    assert.equal(judgement.verdict, 'error');
  }
});

test('an exceeded budget fails, even if the recording ends before the end of the fault', () => {
  const timeline = timelineOf({ forMs: 1500, events: { cut: 1000, mended: 1600 }, fate: cut(1000, 1450) });
  assert.equal(judgeOutage({ timeline, ...budget }).verdict, 'fail');
});

test('recovery is measured from the healing, and must last to the end of the recording', () => {
  const judge = (fate: (startMs: number) => Fate, forMs = 4000) =>
    judgeRecovery({ timeline: timelineOf({ forMs, events, fate }), healed: 'mended', boundMs: 500 });
  assert.deepEqual(
    [judge(cut(1000, 1400)).verdict, judge(cut(1000, 1400)).measurements[0]?.value],
    ['pass', 202],
  );
  assert.equal(judge(cut(1000, 1900)).verdict, 'fail');
  assert.equal(judge(cut(1000, 9000)).verdict, 'fail');
  assert.equal(judge(cut(1000, 9000), 1500).verdict, 'error');
  assert.equal(
    judge((t) => ((t >= 1000 && t < 1400) || t === 3000 ? reset : {})).verdict,
    'fail',
    'a relapse',
  );
});

test('overlapping outages count each moment once', () => {
  // Each answer takes 100 ms, so the three outages overlap.
  const slow = [...'.....x.....x.....x.....'].map((c, i) =>
    recordOf(i * 10, c === 'x' ? { ...reset, latencyMs: 100 } : { latencyMs: 100 }),
  );
  const outages = findOutages(slow, served, 3);
  assert.equal(outages.length, 3);
  const spans = spansOf(outages, 330);
  assert.deepEqual(
    spans.map(({ fromMs, toMs, errors }) => [fromMs, toMs, errors]),
    [[50, 280, 3]],
  );
  const { measurements } = judgeOutage({
    timeline: { startedAt: '', requests: slow, events: [{ atMs: 149, label: 'fault' }] },
    fault: { injected: 'fault' },
    budgetErrors: 3,
    budgetMs: 230,
    inARow: 3,
  });
  assert.equal(measurements.find(({ name }) => name === 'outage')?.value, 230);
});

test('an outage that ended before the healing has no recovery after healing', () => {
  const timeline = timelineOf({ forMs: 2000, fate: cut(500, 700), events: { fault: 500, healed: 1500 } });
  const { measurements } = judgeOutage({
    timeline,
    fault: { injected: 'fault', healed: 'healed' },
    budgetErrors: 99,
    budgetMs: 999,
  });
  assert.equal(
    measurements.find(({ name }) => name === 'recovery after healing'),
    undefined,
  );
});
