import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitForTurn } from './turn.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'meshproof-turn-'));
const { pid: ended = 0 } = spawnSync('true');

test('whoever waits for a turn gets it when the one before ends, in the same process too, and after one that was killed', async () => {
  const file = join(folder(), 'turn');
  let atWork = 0;
  const most: number[] = [];
  const work = async () => {
    await using _turn = await waitForTurn(file, {});
    most.push(++atWork);
    await sleep(20);
    atWork -= 1;
  };
  for (const left of [undefined, String(ended), '']) {
    if (left !== undefined) writeFileSync(file, left); // by a process that was killed
    await Promise.all([work(), work(), work(), work()]);
    assert.deepEqual(most.splice(0), [1, 1, 1, 1], 'one at a time');
    assert.deepEqual(readdirSync(join(file, '..')), []);
  }
});

test('waiting for a turn ends with the signal, and names another process that holds it', async () => {
  const file = join(folder(), 'turn');
  writeFileSync(file, String(process.ppid));
  const said: string[] = [];
  const signal = AbortSignal.timeout(50);
  await assert.rejects(waitForTurn(file, { signal, onLine: (line) => said.push(line) }));
  assert.match(said[0] ?? '', new RegExp(`process ${process.ppid}`));
});
