import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  gatewayLossBudget,
  hangBound,
  refusalBound,
  silenceBound,
  wayBackBound,
} from './resilience-bounds.ts';

test('where nothing comes back, the route’s timeout ends the wait, and without one nothing does', () => {
  assert.equal(silenceBound({ timeoutMs: 1000 }).ms, 1500);
  assert.throws(() => silenceBound({}), /waits for ever/);
});

test('a refused connection is tried again with a pause, unless the route ends before', () => {
  assert.equal(refusalBound(1000, {}).ms, 3 * 1000 + 2 * 250);
  assert.equal(refusalBound(1000, { attempts: 0 }).ms, 1000);
  assert.equal(refusalBound(1000, { timeoutMs: 1000 }).ms, 1500);
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
  assert.equal(requests, Math.ceil(50 / 8) + 4);
  assert.equal(ms, 1500);
});

test('the way back is as long as the last ejection, which grows with the fault', () => {
  const outlierDetection = { baseEjectionTimeMs: 1000, intervalMs: 1000 };
  const config = { localPods: 1, requestIntervalMs: 20, outlierDetection };
  // Ejected for 1, 2 and 3 s within a fault of 5 s.
  assert.equal(wayBackBound(config, 5000, { timeoutMs: 1000 }).ms, 3000 + 1000 + 1000 + 20 + 500);
  assert.equal(wayBackBound({ localPods: 1, requestIntervalMs: 20 }, 5000, { timeoutMs: 1000 }).ms, 1520);
});
