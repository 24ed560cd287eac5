import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Buckets } from '../traffic/timeline.ts';
import { countsOf, distributionOf } from './distribution.ts';

const buckets: Buckets = {
  widthMs: 50,
  series: [
    { cluster: 'west', outcome: 'ok', counts: [10, 10, 0, 0] },
    { cluster: 'east', outcome: 'ok', counts: [0, 0, 4, 10] },
    { cluster: null, outcome: 'ok', counts: [0, 0, 1, 0] },
    { cluster: 'west', outcome: 'appError', counts: [0, 2, 0, 0] },
    { cluster: null, outcome: 'connectFailure', counts: [0, 0, 3, 0] },
  ],
  latency: { p50Ms: [1, 1, 1, 1], p99Ms: [1, 1, 1, 1], maxMs: [1, 1, 1, 1] },
};
const timeline = { startedAt: '', requests: [], events: [], buckets, elided: 40 };

test('buckets count all requests by outcome, and the good requests by cluster', () => {
  const { requests, byOutcome, okByCluster } = countsOf(buckets);
  assert.equal(requests, 40);
  assert.deepEqual(Object.fromEntries(byOutcome), { ok: 35, appError: 2, connectFailure: 3 });
  assert.deepEqual(
    [...okByCluster],
    [
      ['west', 20],
      ['east', 14],
      [null, 1],
    ],
  );
});

test('a slot belongs to a window if its middle does', () => {
  assert.equal(countsOf(buckets, { fromMs: 75, toMs: 125 }).requests, 12);
  assert.equal(countsOf(buckets, { fromMs: 75.1, toMs: 125.1 }).requests, 8);
  assert.equal(countsOf(buckets, { fromMs: 200 }).requests, 0);
});

test('a distribution by cluster counts requests that a timeline keeps only in buckets', () => {
  const distribution = distributionOf(timeline, 'cluster', { fromMs: 50 });
  assert.deepEqual(
    [...distribution.counts],
    [
      ['west', 10],
      ['east', 14],
    ],
  );
  assert.deepEqual(
    [...distribution.failed],
    [
      ['appError', 2],
      ['connectFailure', 3],
    ],
  );
  const { answered, unnamed, failures, requests } = distribution;
  assert.deepEqual(
    { answered, unnamed, failures, requests },
    { answered: 24, unnamed: 1, failures: 5, requests: 30 },
  );
});

test('a distribution by another key refuses a timeline that does not keep every request', () => {
  assert.throws(() => distributionOf(timeline, 'pod'), /by pod.*40 of them only by cluster/);
});
