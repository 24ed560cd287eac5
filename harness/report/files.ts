import { lstat, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

let written = 0;

/** Writes beside the file and renames, so that a reader sees the old text or the new one, never half of it. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const temporary = temporaryBeside(file);
  await mkdir(path.dirname(file), { recursive: true });
  try {
    await writeFile(temporary, text);
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new Error(`cannot write ${file}: ${String(cause)}`, { cause });
  }
}

/**
 * Points `latest`, beside the run folder, to it; there is no moment without a `latest`. Leaves a `latest` alone that is
 * not a symbolic link. Returns whether it points there now.
 */
export async function pointLatestTo(runDir: string): Promise<boolean> {
  const link = path.join(path.dirname(runDir), 'latest');
  const existing = await lstat(link).catch(() => undefined);
  if (existing && !existing.isSymbolicLink()) return false;
  const temporary = temporaryBeside(link);
  await symlink(path.basename(runDir), temporary);
  await rename(temporary, link);
  return true;
}

function temporaryBeside(file: string): string {
  return path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.${written++}`);
}
