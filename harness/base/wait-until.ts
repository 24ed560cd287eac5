import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from './timeouts.ts';
import { whileWaiting } from './waiting.ts';

/**
 * Waits until a condition holds, for acts that are done only when they have taken effect. A check that throws does not hold;
 * what the last one threw becomes the cause.
 *
 * @throws Error that says what was waited for, and how long.
 */
export async function waitUntil(
  check: () => Promise<boolean>,
  what: string,
  withinMs: number,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  let cause: unknown;
  await whileWaiting(async () => {
    for (;;) {
      try {
        if (await check()) return;
        cause = undefined;
      } catch (error) {
        cause = error;
      }
      if (performance.now() > deadlineMs)
        throw new Error(`Waited ${withinMs / 1000} s for ${what}, which did not happen.`, { cause });
      await delay(timeouts.pollMs);
    }
  });
}
