import assert from 'node:assert/strict';
import test from 'node:test';
import type { Timeline } from '../traffic/timeline.ts';
import { judgeErrorBudget } from '../verdict/bounds/error-budget.ts';
import { judgeFailover } from '../verdict/failover.ts';
import { every } from '../verdict/judgement.ts';
import { judgeOutage } from '../verdict/outage-cost.ts';
import { judgeOutcomes } from '../verdict/outcomes.ts';
import { judgeRecovery } from '../verdict/recovery.ts';
import type { Judgement } from '../verdict/verdict.ts';
import type { Experiment } from './experiment.ts';
import { samplePromise } from './sample.ts';
import type { ReportPromise } from './schema.ts';
import { impactLine } from './user-impact-text.ts';
import { userImpact } from './user-impact.ts';

const fault = { injected: 'fault begins', healed: 'fault over' };

/** Requests every 100 ms for 10 s; those that start in [3 s, 3 s + `lostMs`) fail. The fault lasts from 3 s to 6 s. */
function timelineOf(lostMs: number): Timeline {
  const requests = Array.from({ length: 100 }, (_, index) => {
    const startMs = index * 100;
    const isLost = startMs >= 3_000 && startMs < 3_000 + lostMs;
    return { startMs, endMs: startMs + 10, outcome: isLost ? ('upstreamReset' as const) : ('ok' as const) };
  });
  const events = [
    { atMs: 2_995, label: fault.injected },
    { atMs: 6_000, label: fault.healed },
  ];
  return { startedAt: '2026-09-14T09:00:00.000Z', requests, events };
}

const judgeCost = (lostMs: number, budgetErrors = 9, budgetMs = 2_000) =>
  judgeOutage({ timeline: timelineOf(lostMs), fault, budgetErrors, budgetMs });

/** The record of a load as the suites keep it; its outage ends with the load if `lostMs` is 7 s. */
function experimentOf(
  scope: string,
  lostMs: number,
  { measurements }: Judgement,
  phase?: string,
): Experiment {
  const lost = lostMs / 100;
  const failed = { startMs: 3_000, endMs: 3_010, outcome: 'upstreamReset' as const };
  const slots = (count: (slot: number) => number) => Array.from({ length: 100 }, (_, slot) => count(slot));
  const isLost = (slot: number) => slot >= 30 && slot < 30 + lost;
  return {
    scope,
    ...(phase === undefined ? {} : { phase }),
    load: { ratePerSecond: 10, connections: 'fresh', from: 'mesh', generator: 'probe' },
    startedAt: '2026-09-14T09:00:00.000Z',
    buckets: {
      widthMs: 100,
      series: [
        { cluster: 'west', outcome: 'ok', counts: slots((slot) => (isLost(slot) ? 0 : 1)) },
        { cluster: null, outcome: 'upstreamReset', counts: slots((slot) => (isLost(slot) ? 1 : 0)) },
      ],
      latency: { p50Ms: [], p99Ms: [], maxMs: [] },
    },
    events: [],
    bands: [
      { kind: 'fault', label: 'fault', fromMs: 2_995, toMs: 6_000 },
      ...(lost > 0
        ? [{ kind: 'outage' as const, label: `${lost} requests`, fromMs: 2_910, toMs: 3_010 + lostMs }]
        : []),
    ],
    numbers: measurements,
    ...(lost > 0 && { failures: { first: [failed], more: lost - 1 } }),
  };
}

interface Load {
  scope: string;
  judgement: Judgement;
  lostMs?: number;
  phase?: string;
}

/** A promise with a picture for each load that has `lostMs`, and its rows. */
function rowsOf(given: Partial<ReportPromise>, ...loads: Load[]) {
  const data = new Map<string, Experiment>();
  const experiments = loads.flatMap(({ scope, judgement, lostMs, phase }) => {
    if (lostMs === undefined) return [];
    const file = `experiments/${scope}.json`;
    const one = experimentOf(scope, lostMs, judgement, phase);
    data.set(file, one);
    const { startedAt, load, numbers } = one;
    return [{ scope, file, startedAt, load, numbers, ...(phase === undefined ? {} : { phase }) }];
  });
  const promise = samplePromise({
    id: 'RES-01',
    topic: 'resilience',
    experiments,
    measurements: loads.flatMap(({ scope, judgement }) =>
      judgement.measurements.map((one) => ({ scope, ...one })),
    ),
    judgements: loads.map(({ scope, judgement: { verdict, reason } }) => ({ scope, verdict, reason })),
    ...given,
  });
  return userImpact([promise], data);
}

test('a row has the lost requests of those sent, the longest outage, the recovery and the budgets', () => {
  const [row] = rowsOf({}, { scope: 'west', lostMs: 700, judgement: judgeCost(700) });
  assert.deepEqual(row, {
    promise: 'RES-01',
    verdict: 'pass',
    paths: 1,
    judgedPaths: 1,
    worst: {
      ...{ scope: 'west', requestsLost: 7, requestsSent: 71, longestOutageMs: 800, outageMs: 800 },
      ...{ recovered: true, afterFaultMs: 715, allowed: { requests: 9, outageMs: 2_000 } },
    },
  });
  assert.equal(
    impactLine(row),
    'RES-01: 7 of 71 requests lost, longest outage 800\u00a0ms, recovered 715\u00a0ms after the fault began',
  );
});

test('a fault with several paths has one row with the worst path and the number of paths', () => {
  const load = (scope: string, lostMs: number) => ({ scope, lostMs, judgement: judgeCost(lostMs) });
  const [row, ...others] = rowsOf(
    {},
    load('west, fresh', 300),
    load('east, fresh', 700),
    load('east, kept', 0),
  );
  assert.deepEqual(others, []);
  assert.deepEqual([row?.worst?.scope, row?.paths, row?.judgedPaths], ['east, fresh', 3, 3]);
});

test('the worst path of a broken promise is a path that broke it', () => {
  const strict = judgeCost(300, 0, 0);
  assert.equal(strict.verdict, 'fail');
  const [row] = rowsOf(
    { verdict: 'fail', reason: `east: ${strict.reason}` },
    { scope: 'west', lostMs: 700, judgement: judgeCost(700) },
    { scope: 'east', lostMs: 300, judgement: strict },
  );
  assert.deepEqual([row?.verdict, row?.worst?.scope, row?.reason], ['fail', 'east', strict.reason]);
});

test('each phase of a promise has its row, worst first', () => {
  const load = (phase: string, lostMs: number) => ({
    ...{ scope: `${phase}, west`, phase, lostMs, judgement: judgeCost(lostMs) },
  });
  const rows = rowsOf({}, load('rolling restart', 0), load('only pod killed', 700), load('one killed', 200));
  assert.deepEqual(
    rows.map(({ phase, worst }) => [phase, worst?.requestsLost]),
    [
      ['only pod killed', 7],
      ['one killed', 2],
      ['rolling restart', 0],
    ],
  );
});

test('a path that could not be judged is counted, and its numbers are not the worst', () => {
  const error: Judgement = { ...judgeCost(900), verdict: 'error', reason: 'this machine was too busy' };
  const busy = { scope: 'east', lostMs: 900, judgement: error };
  const [row] = rowsOf(
    { verdict: 'error', reason: 'east: this machine was too busy' },
    ...[{ scope: 'west', lostMs: 200, judgement: judgeCost(200) }, busy],
  );
  assert.deepEqual(
    [row?.verdict, row?.reason, row?.paths, row?.judgedPaths, row?.worst?.scope],
    ['error', 'this machine was too busy', 2, 1, 'west'],
  );
  const [alone] = rowsOf({ verdict: 'error' }, busy);
  assert.deepEqual([alone?.worst, alone?.reason], [null, 'this machine was too busy']);
});

test('a bound on the recovery decides: it counts from the end of the fault', () => {
  const timeline = timelineOf(3_600);
  const judgement = judgeRecovery({ timeline, healed: fault.healed, boundMs: 5_000 });
  const [row] = rowsOf({}, { scope: 'west', lostMs: 3_600, judgement });
  assert.deepEqual(
    [row?.worst?.requestsLost, row?.worst?.afterHealingMs, row?.worst?.allowed],
    [36, 610, { recoveryMs: 5_000 }],
  );
});

test('the recovery of a failover is the time until the other region answers', () => {
  const regionAt = (ms: number) => (ms >= 3_000 && ms < 6_000 ? 'region-east' : 'region-west');
  const timeline = timelineOf(500);
  for (const request of timeline.requests)
    request.origin = {
      service: 'catalog',
      cluster: '',
      region: regionAt(request.startMs),
      zone: '',
      pod: '',
    };
  const judgement = judgeFailover({
    timeline: { ...timeline, events: [...timeline.events, { atMs: 6_100, label: 'pods ready' }] },
    events: { injected: fault.injected, healing: fault.healed, healed: 'pods ready' },
    local: 'region-west',
    boundMs: 2_000,
    failbackBoundMs: 2_000,
    budgetErrors: 9,
  });
  assert.equal(judgement.verdict, 'pass', judgement.reason);
  const [row] = rowsOf({ id: 'LOC-02', topic: 'locality' }, { scope: 'west', judgement });
  assert.deepEqual(
    [row?.worst?.requestsLost, row?.worst?.afterFaultMs, row?.worst?.allowed],
    [5, 515, { requests: 9, recoveryMs: 2_000 }],
  );
});

test('an outage that lasts to the end of the load is not recovered', () => {
  const judgement = judgeCost(7_000);
  const [row] = rowsOf({ verdict: 'fail' }, { scope: 'west', lostMs: 7_000, judgement });
  assert.deepEqual([row?.worst?.recovered, row?.worst?.afterFaultMs], [false, undefined]);
  assert.match(impactLine(row!), /longest outage 7\.1\u00a0s, not recovered$/);
});

test('of several counts of lost requests, the one over its bound is shown', () => {
  const timeline = timelineOf(300);
  const judgement = every([
    judgeOutcomes({ timeline, expected: 'ok' }),
    judgeErrorBudget(timeline.requests.slice(0, 5), { budgetErrors: 9 }),
  ]);
  const [row] = rowsOf({ verdict: 'fail' }, { scope: 'west', lostMs: 300, judgement });
  assert.deepEqual([row?.worst?.requestsLost, row?.worst?.allowed.requests], [3, 0]);
});

test('a fault without pictures has the numbers that its judges measured', () => {
  const [row] = rowsOf({ id: 'GWY-01', topic: 'gateways' }, { scope: 'west', judgement: judgeCost(700) });
  const { requestsLost, requestsSent, longestOutageMs, outageMs, afterFaultMs } = row!.worst!;
  assert.deepEqual(
    [requestsLost, requestsSent, longestOutageMs, outageMs, afterFaultMs],
    [7, null, null, 800, 715],
  );
});

test('a promise that breaks or ends before it has numbers has a row with its reason', () => {
  assert.deepEqual(rowsOf({ verdict: 'error', reason: 'Timeout.\nLast step: kill' }), [
    { promise: 'RES-01', verdict: 'error', reason: 'Timeout.', paths: 0, judgedPaths: 0, worst: null },
  ]);
  const kept = { scope: 'west', lostMs: 200, phase: 'one killed', judgement: judgeCost(200) };
  assert.deepEqual(
    rowsOf({ verdict: 'fail', reason: 'west→east: not recovered' }, kept).map((row) => [
      row.verdict,
      row.paths,
    ]),
    [
      ['fail', 0],
      ['pass', 1],
    ],
  );
});

test('a promise without a fault, a skipped one and one that was never tried have no row', () => {
  const failed = judgeErrorBudget([], { budgetErrors: 0 });
  assert.deepEqual(rowsOf({ topic: 'locality' }, { scope: 'west', judgement: failed }), []);
  assert.deepEqual(rowsOf({ topic: 'locality', verdict: 'fail', reason: 'x' }), []);
  assert.deepEqual(rowsOf({ verdict: 'skipped' }), []);
  assert.deepEqual(rowsOf({ verdict: 'error', reason: 'Not judged: east is down' }), []);
});
