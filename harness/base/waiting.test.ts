import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWaitingAccount, unionMs, waitingAccount, whileWaiting } from './waiting.ts';

function assertAbout(actualMs: number, expectedMs: number): void {
  assert.ok(
    actualMs >= expectedMs - 5 && actualMs < expectedMs + 40,
    `${actualMs} ms, expected ${expectedMs} ms`,
  );
}

test('waits that overlap count once, pauses between waits not at all', async () => {
  startWaitingAccount();
  const first = whileWaiting(() => sleep(60));
  await sleep(40);
  await Promise.all([first, whileWaiting(() => sleep(40))]);
  await sleep(60);
  await whileWaiting(() => sleep(30));
  const { waitingMs, intervals } = waitingAccount();
  assertAbout(waitingMs, 110);
  assert.equal(intervals.length, 2);
  assertAbout(unionMs(intervals), 110);
});

test('a wait returns what it waited for, and one that throws counts too', async () => {
  startWaitingAccount();
  assert.equal(await whileWaiting(async () => 42), 42);
  const failing = whileWaiting(async () => {
    await sleep(30);
    throw new Error('gone');
  });
  await assert.rejects(failing, /gone/);
  assertAbout(waitingAccount().waitingMs, 30);
});

test('a wait that is under way counts up to now, and from zero in a new account', async () => {
  startWaitingAccount();
  const wait = whileWaiting(() => sleep(120));
  await sleep(40);
  assertAbout(waitingAccount().waitingMs, 40);
  startWaitingAccount();
  await wait;
  assertAbout(waitingAccount().waitingMs, 80);
});

test('short pauses are closed in the intervals only', async () => {
  startWaitingAccount();
  for (let poll = 0; poll < 5; poll++) {
    await whileWaiting(() => sleep(5));
    await sleep(3);
  }
  const { waitingMs, intervals } = waitingAccount();
  assert.equal(intervals.length, 1);
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
