import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { UnusablePath } from '../base/folders.ts';
import { shellWord } from '../base/shell-word.ts';

let written = 0;

/** Writes a temporary file and renames it, so that a reader sees the old text or the new text, never a part. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await replaceFile(file, text, 0o666);
}

/**
 * Writes a file that only its user can read (mode 0600), in a folder that exists. It replaces an existing file only when all is written,
 * and leaves nothing else if it fails or is aborted.
 *
 * @throws UnusablePath if there is anything but a regular file; Error if it cannot be written; the reason of the signal when aborted.
 */
export async function writePrivately(file: string, data: Uint8Array, signal?: AbortSignal): Promise<void> {
  const stats = await lstat(file).catch(() => undefined); // what keeps it from being examined keeps it from being written
  if (stats && !stats.isFile())
    throw new UnusablePath(
      `File ${file} cannot be written: it is ${stats.isSymbolicLink() ? 'a symbolic link' : 'not a regular file'}. Delete it (\`rm ${shellWord(file)}\`), or name another file.`,
    );
  await replaceFile(file, data, 0o600, signal);
}

async function replaceFile(
  file: string,
  data: string | Uint8Array,
  mode: number,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = temporaryFor(file);
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  let made = false;
  try {
    signal?.throwIfAborted();
    await using handle = await open(temporary, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY, mode);
    made = true;
    await handle.writeFile(data, signal ? { signal } : {});
    signal?.throwIfAborted();
    await rename(temporary, file);
  } catch (cause) {
    if (made) await rm(temporary, { force: true });
    signal?.throwIfAborted();
    throw new Error(`Cannot write ${file}: ${String(cause)}`, { cause });
  }
}

/**
 * Makes the symbolic link `latest`, next to the run folder, point to it. The change is atomic. Does not replace a `latest`
 * that is not a symbolic link. Returns whether the link points to the run folder.
 */
export async function pointLatestTo(runDir: string): Promise<boolean> {
  const link = path.join(path.dirname(runDir), 'latest');
  const existing = await lstat(link).catch(() => undefined);
  if (existing && !existing.isSymbolicLink()) return false;
  const temporary = temporaryFor(link);
  await symlink(path.basename(runDir), temporary);
  await rename(temporary, link);
  return true;
}

function temporaryFor(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file).slice(0, 200)}.${process.pid}.${written++}`);
}
