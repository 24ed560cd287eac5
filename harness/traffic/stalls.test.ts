import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../base/timeouts.ts';
import { Stalls } from './stalls.ts';

const stallMs = timeouts.generatorStallMs + 200;

/** The numbers in the error after `standStill`. */
async function stallOf(standStill: () => void): Promise<{ tookMs: number; ranMs: number; waitedMs: number }> {
  const stalls = new Stalls();
  await delay(30);
  standStill();
  await delay(30);
  stalls.end();
  try {
    stalls.refuse();
  } catch (error) {
    const pattern =
      /stood still for \d+ ms.* longest stall, (\d+) ms, it ran for (\d+) ms .* processor for (\d+) ms;/;
    const [, tookMs, ranMs, waitedMs] = (pattern.exec((error as Error).message) ?? []).map(Number);
    return { tookMs: tookMs ?? NaN, ranMs: ranMs ?? NaN, waitedMs: waitedMs ?? NaN };
  }
  return assert.fail('nothing was noticed');
}

test(
  'the error separates a busy process from a waiting one',
  { skip: process.platform !== 'linux' },
  async () => {
    const busy = await stallOf(() => {
      const untilMs = performance.now() + stallMs;
      while (performance.now() < untilMs);
    });
    assert.ok(busy.tookMs >= stallMs, JSON.stringify(busy));
    assert.ok(busy.ranMs + busy.waitedMs > stallMs - 100, JSON.stringify(busy));

    const blocked = await stallOf(() =>
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs),
    );
    assert.ok(blocked.tookMs >= stallMs, JSON.stringify(blocked));
    assert.ok(blocked.ranMs + blocked.waitedMs < stallMs / 2, JSON.stringify(blocked));
  },
);

test('a short stall is allowed', async () => {
  const stalls = new Stalls();
  await delay(30);
  stalls.end();
  assert.ok(stalls.refuse() <= timeouts.generatorStallMs);
});
