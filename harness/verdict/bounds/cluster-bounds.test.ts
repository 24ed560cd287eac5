import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  frozenBound,
  isolatedIstiodBound,
  podsReturnBound,
  pushBound,
  quietTime,
  reconnectBound,
  returnBound,
  streakToProveRegion,
} from './cluster-bounds.ts';

const outlierDetection = {
  consecutive5xxErrors: 3,
  intervalMs: 1_000,
  baseEjectionTimeMs: 10_000,
  maxEjectionPercent: 100,
};
const frozen = {
  outlierDetection,
  timeoutMs: 1_000,
  share: 1,
  gateways: 1,
  requestIntervalMs: 20,
  allowanceMs: 500,
};

test('a change reaches every proxy after the watch, the longest debouncing and the push', () => {
  assert.equal(pushBound().ms, 12_000);
  assert.equal(pushBound(1_000).ms, 3_000);
});

test('proxies that lost their istiod may pause for 30 s before they connect again', () => {
  assert.equal(reconnectBound().ms, 42_000);
});

test('an isolated istiod is ready after its pod start and its remote cluster timeout', () => {
  assert.equal(isolatedIstiodBound(60_000).ms, 90_000);
  assert.equal(isolatedIstiodBound(60_000, { PILOT_REMOTE_CLUSTER_TIMEOUT: '5s' }).ms, 65_000);
  assert.throws(() => isolatedIstiodBound(60_000, { PILOT_REMOTE_CLUSTER_TIMEOUT: '0s' }), /for ever/);
});

test('a frozen cluster that gets every request costs three requests, two timeouts and the requests sent until then', () => {
  const { time, requests } = frozenBound(frozen);
  assert.equal(time.ms, 3 * 20 + 2 * 1_000 + 500);
  assert.equal(requests, (3 * 20 + 1_000 + 500) / 20);
});

test('with a smaller share, more requests are needed until three hang', () => {
  const half = frozenBound({ ...frozen, share: 0.5 });
  assert.ok(half.time.ms > frozenBound(frozen).time.ms);
  assert.match(half.time.derivation, /^\d\d requests until each of 1 gateways got 3/);
});

test('settings without ejection have no bound', () => {
  assert.throws(() => frozenBound({ ...frozen, outlierDetection: { consecutive5xxErrors: 0 } }), RangeError);
});

test('the quiet time is twice the time of an ejection', () => {
  assert.equal(quietTime({ outlierDetection }).ms, 22_000);
});

test('a host that was ejected twice during a fault returns after twice the time', () => {
  const config = { outlierDetection, localPods: 1, requestIntervalMs: 20, attemptTimeoutMs: 1_000 };
  assert.equal(returnBound(config, 9_000).ms, 12_000 + 1_020);
  assert.equal(returnBound(config, 11_000).ms, 21_000 + 1_020);
});

test('a streak is long enough that a mixture of regions does not show it by chance', () => {
  // One of two pods ready: 70 % stay. 3600 × 0.7^61 is 1.3e-6, and with 62 it is 9e-7.
  assert.equal(streakToProveRegion({ localPods: 2, requests: 3600 }), 62);
  // Two of four: 70 %; three of four: all. One of four: 65 % go elsewhere.
  assert.equal(streakToProveRegion({ localPods: 4, requests: 3600 }), 62);
  assert.equal(streakToProveRegion({ localPods: 1, requests: 3600 }), 1, 'one pod cannot be partly ready');
});

test('a pod is ready after a pause as long as the time of failed attempts, and its start', () => {
  const { ms, derivation } = podsReturnBound(20_000, 60_000);
  assert.equal(ms, 2 * (20_000 + 45_000 + 10_000) - 20_000 + 60_000);
  assert.match(derivation, /20000 ms of the outage, 45000 ms of a dead connection/);
  assert.ok(podsReturnBound(30_000, 60_000).ms > ms);
});
