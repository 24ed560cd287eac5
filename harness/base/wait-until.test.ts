import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitUntil } from './wait-until.ts';

test('it ends when the condition holds, whatever was thrown before', async () => {
  let checks = 0;
  await waitUntil(
    async () => {
      if (++checks === 1) throw new Error('busy');
      return checks === 3;
    },
    'the third check',
    5_000,
  );
  assert.equal(checks, 3);
});

test('a condition that never holds is an error with its cause', async () => {
  const failing = waitUntil(() => Promise.reject(new Error('refused')), 'an open port', 0);
  await assert.rejects(failing, (error: Error) => {
    assert.equal(error.message, 'Waited 0 s for an open port, which did not happen.');
    assert.match(String(error.cause), /refused/);
    return true;
  });
});
