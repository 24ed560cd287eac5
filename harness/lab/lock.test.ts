import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';
import { UnusablePath } from '../base/folders.ts';
import { processStart } from '../base/process-start.ts';
import { takeLock, waitForTurn } from './lock.ts';

let folder = '';
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'meshproof-lock-')), 'lab');
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(join(folder, '..'), { recursive: true });
});

/** A process that does nothing, and its number. */
function idle(): number {
  child = spawn('sleep', ['60'], { stdio: 'ignore' });
  return child.pid ?? NaN;
}

/** A number that no process has: the last that had it is gone. */
async function goneProcess(): Promise<number> {
  const last = spawn('true', { stdio: 'ignore' });
  await once(last, 'exit');
  return last.pid ?? NaN;
}

/** A lock as a process leaves it that was killed. */
async function leaveLock(...names: string[]): Promise<void> {
  await mkdir(join(folder, 'lock'), { recursive: true });
  for (const name of names) await writeFile(join(folder, 'lock', name), '');
}

test('a lock is held until it is given back, and leaves nothing', async () => {
  {
    await using _lock = await takeLock(folder, 'lab');
    await assert.rejects(
      takeLock(folder, 'lab'),
      new RegExp(`^Error: Process ${process.pid} is working on this lab`),
    );
  }
  assert.equal(existsSync(folder), false);
  await using _again = await takeLock(folder, 'lab');
});

test('one that a living process holds is refused, by its number', async () => {
  const pid = idle();
  await leaveLock(`${pid}.${processStart(pid)}`);
  await assert.rejects(takeLock(folder, 'mesh'), new RegExp(`Process ${pid} is working on this mesh`));
});

test('a number that a later process has got holds nothing', async () => {
  await leaveLock(`${idle()}.1`, `${await goneProcess()}.gone`);
  await using _lock = await takeLock(folder, 'lab');
  assert.deepEqual(await readdir(join(folder, 'lock')), [`${process.pid}.${processStart(process.pid)}`]);
});

test('of many that take over a lock at once, one gets it', async () => {
  for (let round = 0; round < 20; round++) {
    await leaveLock(`${await goneProcess()}.1`);
    const tried = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder, 'lab')));
    const taken = tried.filter((one) => one.status === 'fulfilled');
    assert.equal(taken.length, 1, `round ${round}`);
    await taken[0]?.value[Symbol.asyncDispose]();
  }
});

test('a run whose command was killed is waited for', async () => {
  const pid = idle();
  await leaveLock(`${await goneProcess()}.1`, `${pid}.${processStart(pid)}.child`);
  let taken = false;
  const taking = takeLock(folder, 'lab').then((lock) => ((taken = true), lock));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(taken, false);
  child?.kill('SIGKILL');
  await using _lock = await taking;
});

for (const [what, leave, words] of [
  [
    'holds a file that is not from meshproof',
    (lock: string) => mkdir(lock, { recursive: true }).then(() => writeFile(join(lock, 'notes.txt'), '')),
    /holds "notes\.txt", which is not from meshproof\. Move it/,
  ],
  [
    'holds a folder',
    (lock: string) => mkdir(join(lock, '1.1'), { recursive: true }),
    /holds "1\.1", which is not from meshproof/,
  ],
  [
    'is a file',
    (lock: string) => mkdir(folder, { recursive: true }).then(() => writeFile(lock, '')),
    /is a file, not a folder.*`rm .*lock`/,
  ],
] as const)
  test(`a lock that ${what} is refused at once, and nothing is deleted`, async () => {
    const lock = join(folder, 'lock');
    await leave(lock);
    const before = await readdir(folder, { recursive: true });
    await assert.rejects(takeLock(folder, 'lab'), (error: Error) => {
      assert.ok(error instanceof UnusablePath);
      return words.test(error.message);
    });
    await assert.rejects(waitForTurn(lock, {}), words);
    assert.deepEqual(await readdir(folder, { recursive: true }), before);
  });

test('a lock that is a link is refused, and no file of the folder behind it is deleted', async () => {
  const [lock, elsewhere] = [join(folder, 'lock'), join(folder, '../elsewhere')];
  await mkdir(elsewhere);
  for (const name of ['precious', `${await goneProcess()}.1`]) await writeFile(join(elsewhere, name), '');
  await mkdir(folder);
  await symlink(elsewhere, lock);
  await assert.rejects(takeLock(folder, 'lab'), /lock is a symbolic link, not a folder.*delete it: `rm /);
  assert.equal((await readdir(elsewhere)).length, 2);
});

test(
  'a folder that cannot be made or written to ends with an error, and not with a wait',
  { timeout: 10_000 },
  async () => {
    await assert.rejects(
      takeLock('/proc/meshproof', 'lab'),
      /Folder \/proc\/meshproof cannot be made: ENOENT/,
    );
    await assert.rejects(
      waitForTurn('/proc/meshproof.lock', {}),
      /meshproof\.lock cannot be made: ENOENT.*write to \/proc/,
    );
    await writeFile(folder, '');
    await assert.rejects(takeLock(folder, 'lab'), /cannot be made: EEXIST/);
  },
);

test('a child holds the lock with its parent, until the parent releases it', async () => {
  await using lock = await takeLock(folder, 'lab');
  {
    using _shared = lock.sharedWith(idle());
    assert.equal((await readdir(join(folder, 'lock'))).length, 2);
  }
  assert.equal((await readdir(join(folder, 'lock'))).length, 1);
});

test('a process that has ended has no start, whoever waits for it', async () => {
  assert.equal(processStart(await goneProcess()), undefined);
  assert.match(processStart(process.pid) ?? '', /^\d+$/);
});
