import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempDisposableSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { processStart } from '../base/process-start.ts';
import { waitForTurn } from './lock.ts';

const newFolder = () => mkdtempDisposableSync(join(tmpdir(), 'meshproof-turn-'));
const { pid: ended = 0 } = spawnSync('true');

/** Writes the folder of a turn that a running or killed process holds: it contains the name of the process. */
const leave = (turn: string, ...names: string[]): void => {
  mkdirSync(turn, { recursive: true });
  for (const name of names) writeFileSync(join(turn, name), '');
};

test('a turn is passed on when it ends, within one process, and after its holder was killed', async () => {
  using folder = newFolder();
  const file = join(folder.path, 'turn');
  let atWork = 0;
  const most: number[] = [];
  const work = async () => {
    await using _turn = await waitForTurn(file, {});
    most.push(++atWork);
    await sleep(20);
    atWork -= 1;
  };
  for (const left of [undefined, [`${ended}.1`], []]) {
    if (left !== undefined) leave(file, ...left); // of a killed process
    await Promise.all([work(), work(), work(), work()]);
    assert.deepEqual(most.splice(0), [1, 1, 1, 1], 'one at a time');
    assert.deepEqual(readdirSync(join(file, '..')), []);
  }
});

test('waiting for a turn ends with the signal, and reports the process that holds it', async () => {
  using folder = newFolder();
  const file = join(folder.path, 'turn');
  leave(file, `${process.ppid}.${processStart(process.ppid)}`);
  const said: string[] = [];
  const signal = AbortSignal.timeout(50);
  await assert.rejects(waitForTurn(file, { signal, onLine: (line) => said.push(line) }));
  assert.match(said[0] ?? '', new RegExp(`process ${process.ppid}`));
});
