import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitStreak } from './streak.ts';
import type { RequestRecord } from './timeline.ts';

const ok = ({ outcome }: RequestRecord) => outcome === 'ok';

/** A recording whose clock moves a second at each look, and that gets one request at each. */
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

test('it ends with the last of a row', async () => {
  const recording = recordingOf(['ok', 'denied', 'ok', 'ok', 'ok', 'denied']);
  assert.equal(await awaitStreak(recording, ok, { withinMs: 20_000, inARow: 3 }), true);
  assert.equal(recording.soFar.at(-1)?.outcome, 'ok');
});

test('it ends with the time, too', async () => {
  const recording = recordingOf(['ok', 'denied', 'ok']);
  assert.equal(await awaitStreak(recording, ok, { withinMs: 3_000, inARow: 2 }), false);
});
