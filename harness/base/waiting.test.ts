import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { negligiblePauseMs, startWaitingAccount, unionMs, waitingAccount, whileWaiting } from './waiting.ts';

/** On a busy machine every sleep takes longer, so each test measures what its waits really took. */
const nowMs = () => performance.now();

function assertAbout(actualMs: number, expectedMs: number): void {
  assert.ok(Math.abs(actualMs - expectedMs) < 5, `${actualMs} ms, expected ${expectedMs} ms`);
}

test('waits that overlap count once, pauses between waits not at all', async () => {
  startWaitingAccount();
  const firstMs = nowMs();
  const first = whileWaiting(() => sleep(60));
  await sleep(40);
  await Promise.all([first, whileWaiting(() => sleep(40))]);
  const overlapMs = nowMs() - firstMs;
  await sleep(60);
  const lastMs = nowMs();
  await whileWaiting(() => sleep(30));
  const tookMs = overlapMs + nowMs() - lastMs;
  const { waitingMs, intervals } = waitingAccount();
  assertAbout(waitingMs, tookMs);
  assert.equal(intervals.length, 2);
  assertAbout(unionMs(intervals), tookMs);
});

test('a wait returns what it waited for, and one that throws counts too', async () => {
  startWaitingAccount();
  assert.equal(await whileWaiting(async () => 42), 42);
  const beganMs = nowMs();
  const failing = whileWaiting(async () => {
    await sleep(30);
    throw new Error('gone');
  });
  await assert.rejects(failing, /gone/);
  assertAbout(waitingAccount().waitingMs, nowMs() - beganMs);
});

test('a wait that is under way counts up to now, and from zero in a new account', async () => {
  startWaitingAccount();
  const beganMs = nowMs();
  const wait = whileWaiting(() => sleep(120));
  await sleep(40);
  assertAbout(waitingAccount().waitingMs, nowMs() - beganMs);
  startWaitingAccount();
  const againMs = nowMs();
  await wait;
  assertAbout(waitingAccount().waitingMs, nowMs() - againMs);
});

test('short pauses are closed in the intervals only', async () => {
  startWaitingAccount();
  let longPauses = 0;
  for (let poll = 0; poll < 5; poll++) {
    await whileWaiting(() => sleep(5));
    const pausedMs = nowMs();
    await sleep(3);
    if (poll < 4 && nowMs() - pausedMs >= negligiblePauseMs) longPauses++;
  }
  const { waitingMs, intervals } = waitingAccount();
  assert.ok(Math.abs(intervals.length - 1 - longPauses) <= 1, `${intervals.length} intervals`);
  if (longPauses === 0) assert.equal(intervals.length, 1);
  assert.ok(unionMs(intervals) > waitingMs);
});

test('the union of intervals counts overlaps and enclosed ones once', () => {
  assert.equal(unionMs([]), 0);
  assert.equal(
    unionMs([
      [10, 20],
      [0, 5],
      [15, 30],
      [16, 18],
    ]),
    25,
  );
});
