import { access, lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../base/folders.ts';
import { timeouts } from '../base/timeouts.ts';
import { cacheRoot } from './paths.ts';

/**
 * Sees to it that a folder of the cache, whose name is a hash over all that decides what is in it, holds some files: found, or
 * made by `build` in a folder of its own first, so that what is in its place is always complete. Two that build at once both
 * succeed, and use what the faster one made.
 */
export async function ensureCached(
  folder: string,
  files: readonly string[],
  build: (unfinished: string) => Promise<void>,
): Promise<void> {
  if (await holds(folder, files)) return;
  const unfinished = `${folder}.${process.pid}.unfinished`;
  makeFolder(unfinished, 0o777);
  try {
    await build(unfinished);
    await putInPlace(unfinished, folder, files);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function holds(folder: string, files: readonly string[]): Promise<boolean> {
  try {
    await Promise.all(files.map((file) => access(join(folder, file))));
    return true;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

async function putInPlace(unfinished: string, folder: string, files: readonly string[]): Promise<void> {
  try {
    await rename(unfinished, folder);
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    if (await holds(folder, files)) return; // another's, as good as ours, and perhaps being run already
    await rm(folder, { recursive: true, force: true }); // somebody has taken files out of it
    await putInPlace(unfinished, folder, files);
  }
}

const hasCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** The names of folders of unfinished work, by the folder of the cache that they are in: as workFolder and ensureCached give them. */
const unfinishedNames = { tmp: /^[a-z-]+-[A-Za-z0-9]{6}$/, binaries: /\.unfinished$/ };

/** Deletes the folders of unfinished work that killed processes left in the cache: gigabytes that no process continues. */
export async function sweepUnfinished(root = cacheRoot()): Promise<void> {
  for (const [part, form] of Object.entries(unfinishedNames)) {
    const folder = join(root, part);
    // A link may lead to a folder of others, such as /tmp.
    if (!(await lstat(folder).catch(() => undefined))?.isDirectory()) continue;
    for (const name of (await readdir(folder)).filter((one) => form.test(one))) {
      const path = join(folder, name);
      const found = await lstat(path).catch(() => undefined); // ended meanwhile
      if (found?.isDirectory() && Date.now() - found.mtimeMs > timeouts.abandonedMs)
        await rm(path, { recursive: true, force: true });
    }
  }
}
