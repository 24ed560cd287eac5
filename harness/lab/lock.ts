import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { timeouts } from '../timeouts.ts';
import type { StepOptions } from './step.ts';

/** Whether there is a process of that id on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Takes the one right to work on a lab, so that two commands do not change and measure it at the same time. Released when
 * disposed of; a lock whose process is gone is taken over.
 *
 * @throws Error that names the process which holds it.
 */
export async function lockLab(folder: string): Promise<AsyncDisposable> {
  const file = join(folder, 'lock');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const holder = await take(file);
  if (holder !== undefined)
    throw new Error(
      `Process ${holder} is working on this lab (${file}). Wait for it, or end it, and try again.`,
    );
  return { [Symbol.asyncDispose]: () => release(file, folder) };
}

/**
 * Waits for its turn at something that one at a time may do, in this process and in all that use the same file: what `lockLab`
 * refuses, this waits for. It has no limit of its own; whoever holds it has.
 *
 * @throws the signal's reason when aborted.
 */
export async function waitForTurn(file: string, { signal, onLine }: StepOptions): Promise<AsyncDisposable> {
  await mkdir(dirname(file), { recursive: true });
  for (;;) {
    const holder = await take(file);
    if (holder === undefined) return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    if (holder !== process.pid) onLine?.(`waiting for process ${holder} (${file})`);
    await sleep(timeouts.pollMs, undefined, { signal });
  }
}

/** Takes a lock. Returns the id of the process that holds it when it is not to be had. */
async function take(file: string): Promise<number | undefined> {
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, String(process.pid));
  try {
    for (;;) {
      try {
        await link(own, file); // takes the lock and its content in one step
        return undefined;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const holder = await holderOf(file);
        if (holder !== undefined && isAlive(holder)) return holder;
        await removeGone(own, file);
      }
    }
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Removes a lock whose process is gone. One at a time, each looking again: two that wait for it see it at the same moment, and
 * the slower one must not remove the lock that the faster one has just taken.
 */
async function removeGone(own: string, file: string): Promise<void> {
  const guard = `${file}.gone`;
  try {
    await link(own, guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const remover = await holderOf(guard);
    if (remover !== undefined && !isAlive(remover)) await rm(guard, { force: true });
    return;
  }
  const holder = await holderOf(file);
  if (holder !== undefined && !isAlive(holder)) await rm(file, { force: true });
  await rm(guard, { force: true });
}

/** The process that a lock names, undefined where there is no lock. No process has the number that one without text gives. */
async function holderOf(file: string): Promise<number | undefined> {
  try {
    return Number((await readFile(file, 'utf8')) || NaN);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Gives the lock back, if it is still ours, and the folder with it where nothing else is in it. */
async function release(file: string, folder: string): Promise<void> {
  if ((await holderOf(file)) === process.pid) await rm(file, { force: true });
  await rmdir(folder).catch(() => undefined); // not empty: the lab's own
}
