import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peakInFlight } from './concurrency.ts';

const span = (startMs: number, endMs: number) => ({ startMs, endMs });

test('overlapping requests are counted, in whatever order they are given', () => {
  assert.equal(peakInFlight([span(20, 30), span(0, 25), span(22, 23), span(40, 50)]), 3);
});

test('an answer frees its place for a request of the same moment', () => {
  assert.equal(peakInFlight([span(0, 10), span(10, 20)]), 1);
  assert.equal(peakInFlight([]), 1);
});
