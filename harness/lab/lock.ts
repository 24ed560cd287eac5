import { rmSync, writeFileSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder, UnusablePath } from '../base/folders.ts';
import { processStart } from '../base/process-start.ts';
import { shellWord } from '../base/shell-word.ts';
import { timeouts } from '../base/timeouts.ts';
import type { StepOptions } from './step.ts';

/** The exclusive right to work on a lab or a mesh; released on disposal. */
export interface Lock extends AsyncDisposable {
  /**
   * Lets a child process hold the lock too, until this is disposed of. If this process is killed, the lock is released when the
   * child ends.
   */
  sharedWith(child: number): Disposable;
}

/** A process that holds a lock, by the name of its file in the lock's folder: `PID.START`, or `PID.START.child`. */
interface Holder {
  pid: number;
  start: string;
  isChild: boolean;
}

/** The names that {@link nameOf} gives. */
const holderPattern = /^(?<pid>\d{1,10})\.(?<start>\d{1,20}|gone)(?<child>\.child)?$/;

const nameOf = (pid: number, isChild = false): string =>
  `${pid}.${processStart(pid) ?? 'gone'}${isChild ? '.child' : ''}`;

/**
 * Takes the one right to work on a lab or a mesh, so that two commands do not change and measure it at the same time. A lock
 * whose processes are gone is taken over. One whose command was killed, but not the run that it had started, is waited for:
 * that run is undoing what it did.
 *
 * The lock is a folder with a file for each process that holds it. Both of what a takeover is made of are safe against
 * another one at the same time: a file is removed by a name that only the process which is gone can have had, and
 * rename(2) replaces a folder only while that is empty.
 *
 * @throws Error that names the process which holds it, or why the lock cannot be made; UnusablePath for a lock that is not a folder, or
 *   that holds anything but files of holders.
 */
export async function takeLock(folder: string, of: 'lab' | 'mesh'): Promise<Lock> {
  makeFolder(folder);
  const lock = join(folder, 'lock');
  do await awaitFree(lock, of);
  while (!(await take(folder, lock)));
  return {
    sharedWith: (child) => {
      const file = join(lock, nameOf(child, true));
      writeFileSync(file, ''); // at once: we may be killed at any moment
      return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
    },
    [Symbol.asyncDispose]: async () => {
      await release(lock);
      await rmdir(folder).catch(() => undefined); // not empty: the lab's own
    },
  };
}

/**
 * Waits for its turn at something that one at a time may do, in this process and in all that use the same `lock`, which is a folder as that of
 * {@link takeLock}: what that refuses, this waits for. It has no limit of its own; whoever holds it has.
 *
 * @throws the signal's reason when aborted.
 */
export async function waitForTurn(lock: string, { signal, onLine }: StepOptions): Promise<AsyncDisposable> {
  makeFolder(dirname(lock));
  for (;;) {
    const [holder] = await livingHolders(lock);
    if (holder === undefined) {
      if (await take(dirname(lock), lock)) return { [Symbol.asyncDispose]: () => release(lock) };
    } else if (holder.pid !== process.pid) onLine?.(`waiting for process ${holder.pid} (${lock})`);
    await delay(timeouts.pollMs, undefined, { signal });
  }
}

/** Releases this process's hold; deletes the lock if no other process holds it. */
async function release(lock: string): Promise<void> {
  await rm(join(lock, nameOf(process.pid)), { force: true });
  await rmdir(lock).catch(() => undefined);
}

/** So often in a row another process can delete the folder of a lock, when it releases the lock, before this process has made its own. */
const mostReleases = 20;

/**
 * Puts a folder of this process in the place of an empty lock, or of none. Returns whether that could be done.
 *
 * @throws Error that says what to do if the folder cannot be made or written to.
 */
async function take(folder: string, lock: string): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    makeFolder(folder);
    try {
      return await putInPlace(lock);
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && tries < mostReleases) continue;
      throw new Error(
        `Lock ${lock} cannot be made: ${code || message}. Check that you can write to ${folder} and that its disk is not full.`,
        { cause: error },
      );
    }
  }
}

async function putInPlace(lock: string): Promise<boolean> {
  let ours: string | undefined;
  try {
    ours = await mkdtemp(`${lock}.`);
    await writeFile(join(ours, nameOf(process.pid)), '');
    await rename(ours, lock);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOTEMPTY', 'EEXIST'].includes(code)) return false; // another process holds it by now
    throw error;
  } finally {
    if (ours !== undefined) await rm(ours, { recursive: true, force: true });
  }
}

async function awaitFree(lock: string, of: 'lab' | 'mesh'): Promise<void> {
  const deadline = Date.now() + timeouts.orphanMs;
  for (let told = false; ; told = true) {
    const holders = await livingHolders(lock);
    const [holder] = holders.toSorted((a, b) => Number(a.isChild) - Number(b.isChild));
    if (holder === undefined) return;
    if (!holder.isChild || Date.now() > deadline)
      throw new Error(
        `Process ${holder.pid} is working on this ${of} (${lock}). Wait for it, or end it, and try again.`,
      );
    if (!told)
      console.error(
        `Process ${holder.pid}, of a run whose command was killed, is undoing what it did. Waiting for its end.`,
      );
    await delay(timeouts.pollMs);
  }
}

/**
 * The processes that hold a lock. Deletes the files of processes that are gone, and nothing else.
 *
 * @throws UnusablePath for a lock that is not a folder, or that holds anything but files of holders.
 */
async function livingHolders(lock: string): Promise<Holder[]> {
  const living: Holder[] = [];
  for (const [name, holder] of await holdersIn(lock)) {
    if (processStart(holder.pid) === holder.start) living.push(holder);
    else await rm(join(lock, name), { force: true });
  }
  return living;
}

/** All holders of a lock, by the name of their files. */
async function holdersIn(lock: string): Promise<[string, Holder][]> {
  const stats = await lstat(lock).catch(unlessAbsent);
  if (!stats) return [];
  if (!stats.isDirectory())
    throw new UnusablePath(
      `Lock ${lock} is ${stats.isSymbolicLink() ? 'a symbolic link' : 'a file'}, not a folder. If no other meshproof is running, delete it: \`rm ${shellWord(lock)}\`.`,
    );
  const entries = (await readdir(lock, { withFileTypes: true }).catch(unlessAbsent)) ?? [];
  return entries.map((entry) => {
    const { pid, start, child } = holderPattern.exec(entry.name)?.groups ?? {};
    if (entry.isFile() && pid !== undefined && start !== undefined)
      return [entry.name, { pid: Number(pid), start, isChild: child !== undefined }];
    throw new UnusablePath(
      `Lock ${lock} holds ${JSON.stringify(entry.name)}, which is not from meshproof. Move it to another folder.`,
    );
  });
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return;
  throw new UnusablePath(`Lock cannot be read: ${error.message}. Check the owner and mode of its folder.`, {
    cause: error,
  });
}
