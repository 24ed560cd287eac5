import assert from 'node:assert/strict';
import test from 'node:test';
import { CommandFailed, run } from './command.ts';

test('a command that is not done within its limit is ended, and named', async () => {
  const began = Date.now();
  await assert.rejects(run(['sleep', '20'], { limitMs: 100 }), /`sleep 20` was not done within 0\.1 s/);
  assert.ok(Date.now() - began < 10_000, 'it was not waited for');
});

test('a command that fails within its limit fails with its own words', async () => {
  const failing = run(['sh', '-c', 'echo no >&2; exit 3'], { limitMs: 20_000 });
  await assert.rejects(
    failing,
    (error) => error instanceof CommandFailed && /status 3:\s+no/.test(error.message),
  );
});

test('a signal ends a command before its limit, with its own reason', async () => {
  const signal = AbortSignal.timeout(100);
  await assert.rejects(run(['sleep', '20'], { signal, limitMs: 20_000 }), (error) => error === signal.reason);
});
