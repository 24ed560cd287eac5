import { access, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { timeouts } from '../timeouts.ts';
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
  await mkdir(unfinished, { recursive: true });
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

/** Removes what killed processes left of work in the cache: gigabytes that nobody would go on with. */
export async function sweepUnfinished(root = cacheRoot): Promise<void> {
  const inTmp = (await namesIn(join(root, 'tmp'))).map((name) => join(root, 'tmp', name));
  const inBinaries = (await namesIn(join(root, 'binaries')))
    .filter((name) => name.endsWith('.unfinished'))
    .map((name) => join(root, 'binaries', name));
  for (const path of [...inTmp, ...inBinaries]) {
    const found = await stat(path).catch(() => undefined); // ended meanwhile
    if (found && Date.now() - found.mtimeMs > timeouts.abandonedMs)
      await rm(path, { recursive: true, force: true });
  }
}

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch((): string[] => []);
