import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timelineOf } from '../sample-timelines.ts';
import { requestsIn } from '../window.ts';
import { ejectionResetBound, ejectionsWithin } from './failover-bounds.ts';
import {
  cutBound,
  gatewayLossBudget,
  hangBound,
  recoveryBound,
  silenceBound,
  whileCut,
} from './resilience-bounds.ts';

test('if packets are dropped, only the timeout of the route ends the wait', () => {
  assert.equal(silenceBound({ timeoutMs: 1000 }).ms, 1500);
  assert.throws(() => silenceBound({}), /waits for ever/);
});

test('a hanging pod slows requests until it has its consecutive errors', () => {
  const config = { localPods: 2, requestIntervalMs: 20, outlierDetection: { consecutive5xxErrors: 3 } };
  const { slow, slowRequests } = hangBound(config, { perTryTimeoutMs: 250 });
  // 29 requests: fewer than 3 of them go to one of two pods with a probability of 8e-7, (1 + 29 + 406) / 2^29.
  assert.equal(slow.ms, (29 + 1) * 20 + 250);
  assert.equal(slowRequests, Math.ceil(slow.ms / 20));
  assert.throws(() => hangBound(config, {}), /a try never ends/);
});

test('a lost gateway pod costs the requests in flight and those that are refused at every try', () => {
  const { requests, ms } = gatewayLossBudget({ pods: 2, requestIntervalMs: 20, concurrentRequests: 2 });
  // 1 s until the EndpointSlice arrives, 1 s until kube-proxy writes its rules: 100 requests, each with three tries. Each request
  // fails with a probability of 1/8. More than 30 of 100 fail with a probability below 1e-6, more than 29 with one above it.
  assert.equal(requests, 30 + 4);
  assert.equal(ms, 2500);
  const tried = { pods: 2, requestIntervalMs: 20, concurrentRequests: 1, retryAttempts: 3 };
  assert.equal(gatewayLossBudget(tried).requests, 20 + 2);
});

test('recovery takes as long as the last ejection, which grows with the fault', () => {
  const outlierDetection = { baseEjectionTimeMs: 1000, intervalMs: 1000 };
  const config = { localPods: 1, requestIntervalMs: 20, outlierDetection };
  // Ejected for 1, 2 and 3 s within a fault of 5 s.
  const loud = { lastedMs: 5000, silent: false };
  assert.equal(recoveryBound(config, loud, { timeoutMs: 1000 }).ms, 3000 + 1000 + 1000 + 20 + 500);
  assert.equal(recoveryBound({ localPods: 1, requestIntervalMs: 20 }, loud, { timeoutMs: 1000 }).ms, 1520);
});

test('if packets were dropped, TCP may wait as long as the fault lasted, and the derivation names it', () => {
  const outlierDetection = { baseEjectionTimeMs: 1000, intervalMs: 1000 };
  const config = { localPods: 1, requestIntervalMs: 20, outlierDetection };
  const boundAfter = (lastedMs: number) =>
    recoveryBound(config, { lastedMs, silent: true }, { timeoutMs: 1000 });
  assert.equal(boundAfter(5000).ms, 5000 + 1520);
  assert.match(boundAfter(5000).derivation, /^5000 ms until TCP retransmits/);
  assert.equal(boundAfter(1500).ms, 2000 + 1000 + 1520);
  assert.match(boundAfter(1500).derivation, /^3000 ms until hosts that were ejected 2 times return/);
});

test('a cut lasts until enough requests fail, and these requests cannot be answered after it', () => {
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

test('each sweep resets one ejection', () => {
  const outlierDetection = { baseEjectionTimeMs: 1000, intervalMs: 1000 };
  assert.equal(ejectionsWithin(outlierDetection, 5000), 3);
  assert.equal(ejectionResetBound(outlierDetection, 5000).ms, 4000);
});
