import { link, mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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
  const own = `${file}.${process.pid}`;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(own, String(process.pid));
  try {
    for (;;) {
      try {
        await link(own, file); // takes the lock and its content in one step
        return { [Symbol.asyncDispose]: () => release(file, folder) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        const holder = await holderOf(file);
        if (holder !== undefined && isAlive(holder)) {
          throw new Error(
            `Process ${holder} is working on this lab (${file}). Wait for it, or end it, and try again.`,
            { cause: error },
          );
        }
        await rm(file, { force: true });
      }
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text === '' ? undefined : Number(text);
}

/** Gives the lock back, if it is still ours, and the folder with it where nothing else is in it. */
async function release(file: string, folder: string): Promise<void> {
  if ((await holderOf(file)) === process.pid) await rm(file, { force: true });
  await rmdir(folder).catch(() => undefined); // not empty: the lab's own
}
