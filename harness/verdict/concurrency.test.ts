import assert from 'node:assert/strict';
import { test } from 'node:test';
import { peakInFlight, peakOfLatest } from './concurrency.ts';

const span = (startMs: number, endMs: number) => ({ startMs, endMs });

test('overlapping requests are counted in any order', () => {
  assert.equal(peakInFlight([span(20, 30), span(0, 25), span(22, 23), span(40, 50)]), 3);
});

test('the peak of the latest requests ignores earlier requests', () => {
  const soFar = [span(40, 41), span(0, 10), span(1, 9), span(2, 8), span(30, 31), span(20, 40)];
  assert.equal(peakOfLatest({ soFar }, 3), 2);
  assert.equal(peakOfLatest({ soFar }, 9), 3);
});

test('an answer does not overlap with a request of the same moment', () => {
  assert.equal(peakInFlight([span(0, 10), span(10, 20)]), 1);
  assert.equal(peakInFlight([]), 1);
});
