import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ejectionBound,
  expectedLocalShare,
  failbackBound,
  failoverBound,
  failoverErrorBudget,
  failureBound,
  type FailoverConfig,
} from './bounds/failover-bounds.ts';
import { judgeFailover } from './failover.ts';
import { timelineOf, type Fate } from './sample-timelines.ts';

const events = { gone: 1000, scaling: 3000, back: 3500 };
const expectation = {
  events: { injected: 'gone', healing: 'scaling', healed: 'back' },
  local: 'west',
  boundMs: 500,
  failbackBoundMs: 400,
  budgetErrors: 5,
};

interface Scenario {
  before?: string;
  failing?: number;
  movedMs?: number;
  returnedMs?: number;
  forMs?: number;
  exception?: (startMs: number) => Fate | undefined;
}

/** West, then `failing` errors from 1000 ms on, then still west until `movedMs`, east until `returnedMs`, west again. */
function judge(scenario: Scenario) {
  const {
    before = 'west',
    failing = 2,
    movedMs = 1100,
    returnedMs = 3600,
    forMs = 6000,
    exception,
  } = scenario;
  const fate = (startMs: number): Fate => {
    const other = exception?.(startMs);
    if (other) return other;
    if (startMs < 1000) return { from: before };
    if (startMs < 1000 + failing * 10) return { outcome: 'upstreamReset' };
    return { from: startMs < movedMs || startMs >= returnedMs ? 'west' : 'east' };
  };
  return judgeFailover({ timeline: timelineOf({ forMs, events, fate }), ...expectation });
}

test('traffic that moves and returns in time, within its error budget, passes', () => {
  const judgement = judge({});
  assert.equal(judgement.verdict, 'pass', judgement.reason);
  assert.deepEqual(
    judgement.measurements.map(({ name, value, atMost }) => [name, value, atMost]),
    [
      ['failed requests', 2, 5],
      ['traffic moved to the other region', 102, 500],
      ['traffic returned to its own region', 102, 400],
    ],
  );
});

test('pods may answer before they are reported ready', () => {
  const judgement = judge({ returnedMs: 3100 });
  assert.deepEqual([judgement.verdict, judgement.measurements.at(-1)?.value], ['pass', 0]);
});

test('too many failures, a late move, a missing move and a relapse fail', () => {
  const cases: [Scenario, RegExp][] = [
    [{ failing: 6 }, /6 requests failed \(6 upstreamReset\), at most 5 may/],
    [{ movedMs: 1700 }, /moved to the other region after 702 ms, at most 500 ms/],
    [
      { movedMs: 9999 },
      /not true that traffic moved to the other region: the last unexpected request was ok from west/,
    ],
    [{ returnedMs: 4200 }, /returned to its own region after 702 ms, at most 400 ms/],
    [{ returnedMs: 9999 }, /not true that traffic returned to its own region/],
    [
      { exception: (t) => (t === 2500 ? { from: 'west' } : undefined) },
      /moved to the other region after 1512 ms/,
    ],
    [
      { exception: (t) => (t === 5500 ? { from: 'east' } : undefined) },
      /returned to its own region after 2012 ms/,
    ],
    [{ exception: (t) => (t > 5000 ? { outcome: 'noRoute' } : undefined) }, /failed/],
  ];
  for (const [scenario, reason] of cases) {
    const judgement = judge(scenario);
    assert.match(judgement.reason, reason);
    assert.equal(judgement.verdict, 'fail', judgement.reason);
  }
});

test('a missing baseline, a short recording and a missing event cannot be judged', () => {
  const cases: [Scenario, RegExp][] = [
    [{ before: 'east' }, /100 of 100 requests before the fault were not as expected \(100 ok from east\)/],
    [{ forMs: 3600 }, /does not show whether traffic returned/],
    [{ forMs: 3000, returnedMs: 9999 }, /0 requests in 0 ms/],
    [
      { exception: (t) => (t === 500 ? { outcome: 'denied' } : undefined) },
      /1 of 100 requests before the fault .*denied/,
    ],
  ];
  for (const [scenario, reason] of cases) {
    const judgement = judge(scenario);
    assert.match(judgement.reason, reason);
    assert.equal(judgement.verdict, 'error', judgement.reason);
  }
  const timeline = timelineOf({ forMs: 5000, events: { gone: 1000 }, fate: () => ({ from: 'west' }) });
  assert.match(judgeFailover({ timeline, ...expectation }).reason, /"scaling" was recorded 0 times/);
});

test('answers of a region that is not in `remotes` do not count as moved', () => {
  const fate = (t: number): Fate => ({ from: t < 1000 || t >= 3600 ? 'west' : 'north' });
  const timeline = timelineOf({ forMs: 6000, events, fate });
  assert.equal(judgeFailover({ timeline, ...expectation }).verdict, 'pass');
  assert.equal(judgeFailover({ timeline, ...expectation, remotes: ['east'] }).verdict, 'fail');
});

const config: FailoverConfig = {
  outlierDetection: {
    consecutive5xxErrors: 3,
    intervalMs: 1000,
    baseEjectionTimeMs: 30_000,
    maxEjectionPercent: 100,
  },
  localPods: 2,
  requestIntervalMs: 20,
  attemptTimeoutMs: 500,
};

test('the bound is the shorter of ejection and control plane, plus one attempt', () => {
  // 6 failures at a local share of 70 % take 24 requests with 1 - 1e-6: 24 × 20 + 6 × 500, + 500 + 20.
  assert.equal(failoverBound(config).ms, 4000);
  assert.match(failoverBound(config).derivation, /until all 2 local pods are ejected/);
  // 1 s EndpointSlice + 10 s debounce + 1 s push, + 500 + 20.
  for (const outlierDetection of [
    undefined,
    {},
    { ...config.outlierDetection, maxEjectionPercent: 99 },
    { consecutive5xxErrors: 0, maxEjectionPercent: 100 },
  ]) {
    const { outlierDetection: _, ...rest } = config;
    const bound = failoverBound({ ...rest, ...(outlierDetection && { outlierDetection }) });
    assert.equal(bound.ms, 12_520, JSON.stringify(outlierDetection));
    assert.match(bound.derivation, /istiod has pushed/);
  }
});

test('the bound follows each setting in the right direction', () => {
  const ms = (change: Partial<FailoverConfig>) => failoverBound({ ...config, ...change }).ms;
  assert.ok(ms({ load: 'open' }) < ms({}));
  assert.ok(ms({ localPods: 1 }) < ms({}));
  assert.ok(ms({ requestIntervalMs: 100 }) > ms({}));
  assert.equal(ms({ drainMs: 700 }), ms({}) + 700);
  assert.ok(ms({ attemptTimeoutMs: 10_000, debounceMaxMs: 2000 }) <= 10_000 + 4000 + 20);
  assert.ok(ms({ outlierDetection: { ...config.outlierDetection, consecutiveGatewayErrors: 1 } }) < ms({}));
});

test('the error budget counts the errors until ejection and the requests in flight, at most all requests sent', () => {
  assert.equal(failoverErrorBudget(config).requests, 6 + 3);
  assert.equal(failoverErrorBudget({ ...config, retried: true }).requests, 2 + 3);
  assert.equal(failoverErrorBudget({ ...config, concurrentRequests: 4 }).requests, 6 + 12);
  const { outlierDetection: _, ...withoutEjection } = config;
  assert.equal(failoverErrorBudget(withoutEjection).requests, 12_520 / 20 + 1);
  assert.ok(failoverErrorBudget({ ...config, localPods: 500, requestIntervalMs: 1000 }).requests <= 15);
});

test('pods that stayed return after their ejection, new pods without one', () => {
  assert.equal(failbackBound(config).ms, 12_520);
  assert.equal(failbackBound(config, { ejections: 2 }).ms, 60_000 + 1000 + 520);
  assert.equal(failbackBound(config, { ejections: 99 }).ms, 300_000 + 1000 + 520);
});

test('the local share follows from overprovisioning', () => {
  assert.equal(expectedLocalShare(1, 2), 0.7);
  assert.equal(expectedLocalShare(3, 4), 1);
  assert.ok(expectedLocalShare(2, 3) < 1);
});

test('an unhealthy pod is ejected after its consecutive errors, later with a smaller share of the traffic', () => {
  const config = {
    requestIntervalMs: 10,
    attemptTimeoutMs: 1000,
    outlierDetection: { consecutive5xxErrors: 3 },
  };
  assert.equal(ejectionBound({ ...config, localPods: 1 }).ms, (3 + 1) * 10 + 1000);
  // P(Bin(n, 1/4) ≤ 2) ≤ 1e-6, by direct summation: n = 68.
  const { ms, derivation } = ejectionBound({ ...config, localPods: 4 });
  assert.equal(ms, (68 + 1) * 10 + 1000);
  assert.match(derivation, /^68 requests until one of 4 pods got 3/);
  assert.throws(() => ejectionBound({ localPods: 4, requestIntervalMs: 10 }), /never ejects/);
});

test('a connect failure takes the timeouts of all attempts', () => {
  assert.equal(failureBound(1000).ms, 3 * 1000 + 2 * 250);
  assert.equal(failureBound().ms, 30_500);
  assert.equal(failureBound(1000, 0).ms, 1000);
});
