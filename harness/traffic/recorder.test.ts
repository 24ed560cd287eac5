import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { timeouts } from '../base/timeouts.ts';
import { record, recordCount, type Shot } from './recorder.ts';
import { TransportFailure } from './transport-failure.ts';

const after =
  (ms: number): Shot =>
  async () => {
    await delay(ms);
    return { startMs: 0, endMs: 0, outcome: 'ok' };
  };

/** A whole recording. */
async function recordFor(options: Parameters<typeof record>[0]) {
  const recording = record(options);
  await recording.sent;
  return recording.stop();
}

test('requests are due at even intervals however slow the answers are', async () => {
  const timeline = await recordFor({ send: after(80), ratePerSecond: 200, count: 40 });
  assert.equal(timeline.requests.length, 40);
  const gaps = timeline.requests.slice(1).map((one, i) => one.startMs - (timeline.requests[i]?.startMs ?? 0));
  for (const gap of gaps) assert.ok(Math.abs(gap - 5) < 0.001, `gap ${gap}`);
  for (const one of timeline.requests)
    assert.ok(one.endMs - one.startMs >= 75, `took ${one.endMs - one.startMs}`);
});

test('a duration holds rate × duration requests', async () => {
  const timeline = await recordFor({ send: after(1), ratePerSecond: 100, durationMs: 200 });
  assert.equal(timeline.requests.length, 20);
});

test('a request beyond the bound is recorded as a client timeout, not dropped', async () => {
  const recording = record({ send: after(150), ratePerSecond: 200, count: 10, maxInFlight: 4 });
  await recording.sent;
  const { requests } = await recording.stop();
  assert.equal(requests.filter((one) => one.outcome === 'ok').length, 4);
  const refused = requests.filter((one) => one.outcome === 'clientTimeout');
  assert.equal(refused.length, 6);
  assert.match(refused[0]?.detail ?? '', /not sent: 4 requests/);
});

test('stop ends the load, waits for requests under way and keeps events on the same clock', async () => {
  const recording = record({ send: after(30), ratePerSecond: 100 });
  await delay(55);
  recording.event('killed');
  await delay(55);
  const loadMs = recording.clock.nowMs();
  const timeline = await recording.stop();
  const atMs = timeline.events[0]?.atMs ?? 0;
  assert.ok(
    timeline.requests.length >= 8 && timeline.requests.length <= loadMs / 10 + 2,
    `${timeline.requests.length} requests in ${loadMs} ms`,
  );
  assert.ok(
    timeline.requests.some((one) => one.startMs < atMs) &&
      timeline.requests.some((one) => one.startMs > atMs),
  );
  assert.deepEqual(
    timeline.events.map((one) => one.label),
    ['killed'],
  );
});

test('an abort signal ends the load as stop does', async () => {
  const until = AbortSignal.timeout(50);
  const recording = record({ send: after(1), ratePerSecond: 100, until });
  await recording.sent;
  const endedMs = recording.clock.nowMs();
  assert.ok((await recording.stop()).requests.length <= Math.ceil(endedMs / 10));
});

test('the recording throws if the connection to the sender is broken', async () => {
  const send = () => Promise.reject(new TransportFailure('the probe', new Error('port-forward broke')));
  await assert.rejects(recordFor({ send, ratePerSecond: 100, count: 3 }), (error: Error) => {
    assert.match(error.message, /a request could not be sent/);
    return error.cause instanceof TransportFailure;
  });
});

/** Blocks this process. */
const standStill = (forMs: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, forMs);

test('the recording throws if its process stood still while it sent, ended or awaited answers', async () => {
  const tooBusy = /stood still for \d+ ms, at most \d+ ms are allowed\..*less busy/;
  const sending = record({ send: after(1), ratePerSecond: 100 });
  await delay(30);
  standStill(timeouts.generatorStallMs + 150);
  await delay(30);
  await assert.rejects(sending.stop(), tooBusy);

  const ending = record({ send: after(1), ratePerSecond: 100 });
  await delay(30);
  standStill(timeouts.generatorStallMs + 150);
  await assert.rejects(ending.stop(), tooBusy);

  const awaiting = record({ send: after(100), ratePerSecond: 100, count: 1 });
  await awaiting.sent;
  const stopped = awaiting.stop();
  await delay(30);
  standStill(timeouts.generatorStallMs + 150);
  await assert.rejects(stopped, tooBusy);
});

test('the timeline has the longest delay of a request', async () => {
  const recording = record({ send: after(1), ratePerSecond: 100 });
  await delay(30);
  standStill(100);
  await delay(30);
  const { lateMs = NaN } = await recording.stop();
  assert.ok(lateMs >= 80 && lateMs < 500, `${lateMs} ms`);
});

test('recordCount sends exactly `count` requests, at most `concurrency` at once', async () => {
  let now = 0;
  let most = 0;
  const send: Shot = async () => {
    most = Math.max(most, ++now);
    await delay(2);
    now--;
    return { startMs: 0, endMs: 0, outcome: 'ok' };
  };
  const timeline = await recordCount({ send, count: 50, concurrency: 7 });
  assert.equal(timeline.requests.length, 50);
  assert.equal(most, 7);
});
