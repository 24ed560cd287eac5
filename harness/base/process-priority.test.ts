import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { withPriority } from './process-priority.ts';

/** Answers a message over its channel with its process id and its niceness, and ends. */
const program =
  'process.once("message", () => process.send([process.pid, os.getPriority()], () => process.disconnect()))';

test('a program with priority is the spawned process, keeps its channel, and has a lower niceness if root runs it', async () => {
  const child = spawn(...withPriority([process.execPath, '-e', program]), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  child.send('who?');
  const [[pid, niceness]] = (await once(child, 'message')) as [[number, number]];
  assert.equal(pid, child.pid);
  assert.equal(niceness, process.getuid?.() === 0 ? -10 : 0);
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
