import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { lockLab, waitForTurn } from './lock.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'meshproof-lock-'));
const { pid: ended = 0 } = spawnSync('true');

test('a lab that a process works on is refused, naming the process, and free afterwards', async () => {
  const lab = folder();
  {
    await using _lock = await lockLab(lab);
    await assert.rejects(lockLab(lab), new RegExp(`Process ${process.pid} is working on this lab`));
  }
  await using _again = await lockLab(lab);
});

test('a lock whose process is gone is taken over, and nothing is left of it', async () => {
  const lab = folder();
  writeFileSync(join(lab, 'lock'), String(ended));
  {
    await using _lock = await lockLab(lab);
  }
  assert.equal(existsSync(lab), false);
});

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
