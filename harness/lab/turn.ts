import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { timeouts } from '../timeouts.ts';
import { isAlive } from './process-start.ts';
import type { StepOptions } from './step.ts';

/**
 * Waits for its turn at something that one at a time may do, in this process and in all that use the same file. It has no limit of its own; whoever holds it has.
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
