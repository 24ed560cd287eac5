import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { favoured } from './favoured.ts';

/** Answers a message over its channel with its process id and its niceness, and ends. */
const program =
  'process.once("message", () => process.send([process.pid, os.getPriority()], () => process.disconnect()))';

test('a favoured program is the process that was spawned, keeps its channel, and goes first where it may', async () => {
  const child = spawn(...favoured([process.execPath, '-e', program]), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  child.send('who?');
  const [[pid, niceness]] = (await once(child, 'message')) as [[number, number]];
  assert.equal(pid, child.pid);
  assert.equal(niceness, process.getuid?.() === 0 ? -10 : 0);
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
