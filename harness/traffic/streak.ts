import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { Recording } from './recorder.ts';
import type { Good } from './timeline.ts';

/**
 * Lets a recording run until the last `inARow` requests since the call are all as `wanted`, for at most `withinMs`. Returns
 * whether they were. This is not a judgement: the judge has to check whether the recording is long enough.
 */
export async function awaitStreak(
  recording: Pick<Recording, 'clock' | 'soFar'>,
  wanted: Good,
  options: { withinMs: number; inARow: number },
): Promise<boolean> {
  const { withinMs, inARow } = options;
  const fromMs = recording.clock.nowMs();
  return whileWaiting(async () => {
    while (recording.clock.nowMs() - fromMs <= withinMs) {
      const since = recording.soFar.filter(({ startMs }) => startMs >= fromMs);
      const last = since.toSorted((a, b) => a.startMs - b.startMs).slice(-inARow);
      if (last.length === inARow && last.every(wanted)) return true;
      await delay(timeouts.pollMs);
    }
    return false;
  });
}

/** Lets a recording run for a further time. */
export function recordFurther(recording: Pick<Recording, 'clock'>, forMs: number): Promise<void> {
  const untilMs = recording.clock.nowMs() + forMs;
  return whileWaiting(() => delay(Math.max(0, untilMs - recording.clock.nowMs())));
}
