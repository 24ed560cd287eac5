import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longestWatchPauseMs } from './bounds.ts';

test('the pause before a watch is the longest that the attempts before it allow, at most a minute', () => {
  for (const tries of [0, 1, 3, 5]) {
    const shortest = Array.from({ length: tries }, (_, index) => 800 * 2 ** index);
    const lostMs = shortest.reduce((sum, ms) => sum + ms, 0);
    assert.equal(longestWatchPauseMs(lostMs), 2 * 800 * 2 ** tries);
  }
  assert.equal(longestWatchPauseMs(600_000), 60_000);
});
