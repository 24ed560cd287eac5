import assert from 'node:assert/strict';
import test from 'node:test';
import { once } from './once.ts';

test('all who ask get what was done once', async () => {
  let times = 0;
  const act = once(() => Promise.resolve(++times));
  assert.deepEqual(await Promise.all([act(), act()]), [1, 1]);
  assert.equal(await act(), 1);
});

test('after a failure the next call tries again, but not while the failing try runs', async () => {
  let times = 0;
  const act = once(async () => {
    await Promise.resolve();
    if (++times === 1) throw new Error('not yet');
    return times;
  });
  const both = await Promise.allSettled([act(), act()]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.equal(times, 1);
  assert.equal(await act(), 2);
});
