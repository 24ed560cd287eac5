import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitStreak } from './streak.ts';
import type { RequestRecord } from './timeline.ts';

const ok = ({ outcome }: RequestRecord) => outcome === 'ok';

/** A recording that gets one request each time that its clock is read; the clock then moves by a second. */
function recordingOf(outcomes: RequestRecord['outcome'][]) {
  const soFar: RequestRecord[] = [];
  let nowMs = 0;
  const clock = {
    startedAt: '',
    nowMs: () => {
      const outcome = outcomes[soFar.length];
      if (outcome) soFar.push({ startMs: nowMs, endMs: nowMs + 1, outcome });
      return (nowMs += 1000);
    },
  };
  return { clock, soFar };
}

test('it ends when the last requests are as wanted', async () => {
  const recording = recordingOf(['ok', 'denied', 'ok', 'ok', 'ok', 'denied']);
  assert.equal(await awaitStreak(recording, ok, { withinMs: 20_000, inARow: 3 }), true);
  assert.equal(recording.soFar.at(-1)?.outcome, 'ok');
});

test('it ends after the time', async () => {
  const recording = recordingOf(['ok', 'denied', 'ok']);
  assert.equal(await awaitStreak(recording, ok, { withinMs: 3_000, inARow: 2 }), false);
});
