import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  frozenBound,
  lonelyIstiodBound,
  podsReturnBound,
  pushBound,
  quietTime,
  tellingStreak,
  reconnectBound,
  returnBound,
} from './cluster-bounds.ts';

const outlierDetection = {
  consecutive5xxErrors: 3,
  intervalMs: 1_000,
  baseEjectionTimeMs: 10_000,
  maxEjectionPercent: 100,
};
const frozen = {
  ...{ outlierDetection, timeoutMs: 1_000, gateways: 1, requestIntervalMs: 20, allowanceMs: 500 },
  share: 1,
};

test('a change is everywhere after the watch, the longest debouncing and the push', () => {
  assert.equal(pushBound().ms, 12_000);
  assert.equal(pushBound(1_000).ms, 3_000);
});

test('proxies that lost their istiod may pause for 30 s before they ask again', () => {
  assert.equal(reconnectBound().ms, 42_000);
});

test('an istiod alone is ready after its pod and the time it waits for others, unless it waits for ever', () => {
  assert.equal(lonelyIstiodBound(60_000).ms, 90_000);
  assert.equal(lonelyIstiodBound(60_000, { PILOT_REMOTE_CLUSTER_TIMEOUT: '5s' }).ms, 65_000);
  assert.throws(() => lonelyIstiodBound(60_000, { PILOT_REMOTE_CLUSTER_TIMEOUT: '0s' }), /for ever/);
});

test('a frozen cluster that gets every request costs three of them, two timeouts and what is sent meanwhile', () => {
  const { time, requests } = frozenBound(frozen);
  assert.equal(time.ms, 3 * 20 + 2 * 1_000 + 500);
  assert.equal(requests, (3 * 20 + 1_000 + 500) / 20);
});

test('with a smaller share it takes more requests until three have hung', () => {
  const half = frozenBound({ ...frozen, share: 0.5 });
  assert.ok(half.time.ms > frozenBound(frozen).time.ms);
  assert.match(half.time.derivation, /^\d\d requests until 1 gateways were sent 3 each/);
});

test('settings that eject nothing bound nothing', () => {
  assert.throws(() => frozenBound({ ...frozen, outlierDetection: { consecutive5xxErrors: 0 } }), RangeError);
});

test('quiet lasts two turns of an ejection', () => {
  assert.equal(quietTime({ outlierDetection }).ms, 22_000);
});

test('what was ejected twice while a fault lasted comes back after twice the time', () => {
  const config = { outlierDetection, localPods: 1, requestIntervalMs: 20, attemptTimeoutMs: 1_000 };
  assert.equal(returnBound(config, 9_000).ms, 12_000 + 1_020);
  assert.equal(returnBound(config, 11_000).ms, 21_000 + 1_020);
});

test('a streak tells when a mixture of regions would not show it by luck', () => {
  // One of two pods ready: 70 % stay. 3600 × 0.7^61 is 1.3e-6, and with 62 it is 9e-7.
  assert.equal(tellingStreak({ localPods: 2, requests: 3600 }), 62);
  // Two of four: 70 %; three of four: all. One of four: 65 % go elsewhere.
  assert.equal(tellingStreak({ localPods: 4, requests: 3600 }), 62);
  assert.equal(tellingStreak({ localPods: 1, requests: 3600 }), 1, 'nothing between none and all');
});

test('a pod that could not be made comes at the latest after as long a pause as there was before, and its start', () => {
  const { ms, derivation } = podsReturnBound(20_000, 60_000);
  assert.equal(ms, 2 * (20_000 + 45_000 + 10_000) - 20_000 + 60_000);
  assert.match(derivation, /20000 ms of the outage, 45000 ms of a dead connection/);
  assert.ok(podsReturnBound(30_000, 60_000).ms > ms);
});
