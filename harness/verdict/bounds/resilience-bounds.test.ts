import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineOf } from '../sample-timelines.ts';
import { requestsIn } from '../window.ts';
import { ejectionsWithin, forgottenBound } from './failover-bounds.ts';
import {
  cutBound,
  gatewayLossBudget,
  hangBound,
  silenceBound,
  wayBackBound,
  whileCut,
} from './resilience-bounds.ts';

test('where nothing comes back, the route’s timeout ends the wait, and without one nothing does', () => {
  assert.equal(silenceBound({ timeoutMs: 1000 }).ms, 1500);
  assert.throws(() => silenceBound({}), /waits for ever/);
});

test('a hanging pod slows the requests that are sent until it was given its consecutive errors', () => {
  const config = { localPods: 2, requestIntervalMs: 20, outlierDetection: { consecutive5xxErrors: 3 } };
  const { slow, slowRequests } = hangBound(config, { perTryTimeoutMs: 250 });
  // 29 requests: fewer than 3 of them go to one of two pods with a probability of 8e-7, (1 + 29 + 406) / 2^29.
  assert.equal(slow.ms, (29 + 1) * 20 + 250);
  assert.equal(slowRequests, Math.ceil(slow.ms / 20));
  assert.throws(() => hangBound(config, {}), /a try never ends/);
});

test('a lost gateway pod costs what is in flight and what is refused at every try', () => {
  const { requests, ms } = gatewayLossBudget({ pods: 2, requestIntervalMs: 20, concurrentRequests: 2 });
  // 1 s until its EndpointSlice is known, 1 s until kube-proxy writes its rules: 100 requests, each with three tries. Of 100 with a
  // chance of 1/8 more than 30 meet it with a probability below 1e-6, and more than 29 with one above it.
  assert.equal(requests, 30 + 4);
  assert.equal(ms, 2500);
  const tried = { pods: 2, requestIntervalMs: 20, concurrentRequests: 1, retryAttempts: 3 };
  assert.equal(gatewayLossBudget(tried).requests, 20 + 2);
});

test('the way back is as long as the last ejection, which grows with the fault', () => {
  const outlierDetection = { baseEjectionTimeMs: 1000, intervalMs: 1000 };
  const config = { localPods: 1, requestIntervalMs: 20, outlierDetection };
  // Ejected for 1, 2 and 3 s within a fault of 5 s.
  const loud = { lastedMs: 5000, silent: false };
  assert.equal(wayBackBound(config, loud, { timeoutMs: 1000 }).ms, 3000 + 1000 + 1000 + 20 + 500);
  assert.equal(wayBackBound({ localPods: 1, requestIntervalMs: 20 }, loud, { timeoutMs: 1000 }).ms, 1520);
});

test('where packets vanished, TCP may wait once more as long as the fault was, and the derivation says so', () => {
  const outlierDetection = { baseEjectionTimeMs: 1000, intervalMs: 1000 };
  const config = { localPods: 1, requestIntervalMs: 20, outlierDetection };
  const back = (lastedMs: number) => wayBackBound(config, { lastedMs, silent: true }, { timeoutMs: 1000 });
  assert.equal(back(5000).ms, 5000 + 1520);
  assert.match(back(5000).derivation, /^5000 ms until TCP tries again/);
  assert.equal(back(1500).ms, 2000 + 1000 + 1520);
  assert.match(back(1500).derivation, /^3000 ms until what was ejected 2 times/);
});

test('a cut is as long as it takes to see enough requests fail, and none of them can be answered after it', () => {
  const [config, route] = [{ atLeast: 66, requestIntervalMs: 20, stallMs: 500 }, { timeoutMs: 1000 }];
  const { ms } = cutBound(config, route);
  assert.equal(ms, 67 * 20 + 1000 + 500);
  const window = whileCut({ fromMs: 10_000, forMs: ms }, config, route);
  assert.deepEqual(window, { fromMs: 10_000, toMs: 10_000 + 67 * 20 });
  const timeline = timelineOf({ forMs: 20_000, everyMs: 20, fate: () => ({ outcome: 'upstreamTimeout' }) });
  assert.ok(requestsIn(timeline, window).length >= config.atLeast);
  const last = requestsIn(timeline, window).at(-1)?.startMs ?? NaN;
  assert.ok(last + config.stallMs + route.timeoutMs <= 10_000 + ms);
  assert.throws(
    () => whileCut({ fromMs: 0, forMs: 2500 }, config, route),
    /2500 ms shows 50 requests, and 66 are needed/,
  );
  assert.throws(() => cutBound(config, {}), /waits for ever/);
});

test('ejections are forgotten one a sweep', () => {
  const outlierDetection = { baseEjectionTimeMs: 1000, intervalMs: 1000 };
  assert.equal(ejectionsWithin(outlierDetection, 5000), 3);
  assert.equal(forgottenBound(outlierDetection, 5000).ms, 4000);
});
