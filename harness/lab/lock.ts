import { rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../timeouts.ts';
import { processStart } from '../mesh/process-start.ts';
import type { StepOptions } from './step.ts';

/** The one right to work on a lab or a mesh; given back when disposed of. */
export interface Lock extends AsyncDisposable {
  /**
   * Has a child of ours hold it, too, until that is disposed of: where we are killed, the child goes on for a while, and the
   * lock is not free before it has ended.
   */
  sharedWith(child: number): Disposable;
}

/** A process that holds a lock, by the name of its file in the lock's folder: `PID.START`, or `PID.START.child`. */
interface Holder {
  pid: number;
  isChild: boolean;
}

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
 * @throws Error that names the process which holds it.
 */
export async function takeLock(folder: string, of: 'lab' | 'mesh'): Promise<Lock> {
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
  for (;;) {
    const [holder] = await livingHolders(lock);
    if (holder === undefined) {
      if (await take(dirname(lock), lock)) return { [Symbol.asyncDispose]: () => release(lock) };
    } else if (holder.pid !== process.pid) onLine?.(`waiting for process ${holder.pid} (${lock})`);
    await delay(timeouts.pollMs, undefined, { signal });
  }
}

/** Takes our name out of a lock, and the lock away where it is nobody's then: not a child's still, nor another's again. */
async function release(lock: string): Promise<void> {
  await rm(join(lock, nameOf(process.pid)), { force: true });
  await rmdir(lock).catch(() => undefined);
}

/** Puts our folder in the place of an empty one, or of none. Returns whether that could be done. */
async function take(folder: string, lock: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let ours: string | undefined;
  try {
    ours = await mkdtemp(`${lock}.`);
    await writeFile(join(ours, nameOf(process.pid)), '');
    await rename(ours, lock);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // Held by now; or whoever held it has just taken the folder away with it.
    if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code)) return false;
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

/** Who holds a lock; files of processes that are gone are removed. */
async function livingHolders(lock: string): Promise<Holder[]> {
  const living: Holder[] = [];
  for (const name of await readdir(lock).catch(unlessThere)) {
    const [pid = '', start, child] = name.split('.');
    if (start !== undefined && processStart(Number(pid)) === start)
      living.push({ pid: Number(pid), isChild: child !== undefined });
    else await rm(join(lock, name), { force: true });
  }
  return living;
}

function unlessThere(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}
