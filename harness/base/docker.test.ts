import assert from 'node:assert/strict';
import test from 'node:test';
import { docker, inspect } from './docker.ts';
import { fakeCommands } from './fake-command.ts';
import { timeouts } from './timeouts.ts';

const engine = { endpoint: 'unix:///nowhere.sock' };

for (const [args, limitMs] of [
  [['ps', '-a'], timeouts.commandMs],
  [['network', 'rm', 'one'], timeouts.commandMs],
  [['build', '-q', '.'], timeouts.imageMs],
  [['pull', '-q', 'one'], timeouts.imageMs],
] as const) {
  test(`an engine that hangs is waited for ${limitMs / 1000} s: docker ${args.join(' ')}`, async (t) => {
    await using _fake = await fakeCommands({ docker: 'exec sleep 20' });
    const limits: number[] = [];
    t.mock.method(AbortSignal, 'timeout', (ms: number) => {
      limits.push(ms);
      return AbortSignal.abort(new DOMException('late', 'TimeoutError'));
    });
    await assert.rejects(docker(engine, [...args]));
    assert.deepEqual(limits, [limitMs]);
  });
}

test('an inspection is ended by the signal of whoever asks', async () => {
  await using _fake = await fakeCommands({ docker: 'exec sleep 20' });
  const signal = AbortSignal.timeout(100);
  await assert.rejects(
    inspect(engine, 'image', 'one', '{{.Id}}', { signal }),
    (error) => error === signal.reason,
  );
});

test('an object that does not exist is undefined, and any other failure is an error', async () => {
  await using _none = await fakeCommands({ docker: 'echo "Error: No such network: one" >&2; exit 1' });
  assert.equal(await inspect(engine, 'network', 'one', '{{.Id}}'), undefined);
  await using _down = await fakeCommands({ docker: 'echo "Cannot connect" >&2; exit 1' });
  await assert.rejects(inspect(engine, 'network', 'one', '{{.Id}}'), /Cannot connect/);
});
