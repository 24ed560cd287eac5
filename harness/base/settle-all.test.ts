import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { settleAll } from './settle-all.ts';

test('what all came to, in their order', async () => {
  assert.deepEqual(await settleAll([delay(5, 'late'), Promise.resolve('early')]), ['late', 'early']);
});

test('the first failure is thrown once none is running any more', async () => {
  const did: string[] = [];
  const slow = delay(20).then(() => did.push('slow'));
  const refused = [Promise.reject(new Error('first')), Promise.reject(new Error('second'))];
  await assert.rejects(settleAll([slow, ...refused]), /first/);
  assert.deepEqual(did, ['slow']);
});
