import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BucketCounts, bucketsOf } from './buckets.ts';
import type { Outcome, RequestRecord } from './timeline.ts';

const request = (
  startMs: number,
  latencyMs: number,
  outcome: Outcome = 'ok',
  cluster?: string,
): RequestRecord => ({
  startMs,
  endMs: startMs + latencyMs,
  outcome,
  ...(cluster === undefined
    ? {}
    : { origin: { service: 'catalog', cluster, region: 'r', zone: 'z', pod: 'p' } }),
});

test('requests are counted by slot of their start, cluster and outcome', () => {
  const buckets = bucketsOf([
    request(0, 900, 'ok', 'west'),
    request(48, 1, 'ok', 'west'),
    request(50, 3, 'ok', 'east'),
    request(220, 5, 'connectFailure'),
  ]);
  assert.deepEqual(buckets, {
    widthMs: 50,
    series: [
      { cluster: 'west', outcome: 'ok', counts: [2, 0, 0, 0, 0] },
      { cluster: 'east', outcome: 'ok', counts: [0, 1, 0, 0, 0] },
      { cluster: null, outcome: 'connectFailure', counts: [0, 0, 0, 0, 1] },
    ],
    latency: {
      p50Ms: [1, 3, null, null, 5],
      p99Ms: [900, 3, null, null, 5],
      maxMs: [900, 3, null, null, 5],
    },
  });
});

test('quantiles are by nearest rank', () => {
  const { latency } = bucketsOf(Array.from({ length: 100 }, (_, i) => request(i / 10, i + 1)));
  assert.deepEqual(
    [latency.p50Ms[0], latency.p99Ms[0], latency.maxMs[0]].map((one) => Math.round(one ?? 0)),
    [50, 99, 100],
  );
});

test('without requests there are 0 slots', () => {
  assert.deepEqual(bucketsOf([]), {
    widthMs: 50,
    series: [],
    latency: { p50Ms: [], p99Ms: [], maxMs: [] },
  });
});

test('counts of a slot that arrive in parts add up, and the worst latency is kept', () => {
  const counts = new BucketCounts();
  counts.count(1, 'west', 'ok', 49);
  counts.latency(1, { p50Ms: 1, p99Ms: 2, maxMs: 3 });
  counts.count(1, 'west', 'ok', 1);
  counts.latency(1, { p50Ms: 400, p99Ms: 1, maxMs: 1 });
  const { series, latency } = counts.buckets();
  assert.deepEqual(series, [{ cluster: 'west', outcome: 'ok', counts: [0, 50] }]);
  assert.deepEqual(latency, { p50Ms: [null, 400], p99Ms: [null, 2], maxMs: [null, 3] });
});

test('a slot that is negative and a width of 0 are refused', () => {
  assert.throws(() => bucketsOf([request(-1, 1)]), /slot -1 is not an integer/);
  assert.throws(() => new BucketCounts(0), RangeError);
});
