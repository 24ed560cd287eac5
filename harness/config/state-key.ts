import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../base/folders.ts';
import { once } from '../base/once.ts';
import { stateRoot } from './state.ts';

const keyBytes = 32;

/**
 * The key with which this machine signs its marks in clusters. It is created when it is first needed, and stays in the state
 * folder. Each call in a process returns the same key.
 *
 * @throws Error when the file is not a file of this user alone.
 */
export const markKey = once(() => ensureMarkKey(stateRoot()));

/**
 * The key of a state folder, `mark-key`: 32 random bytes, mode 0600. Several processes may create it at once: they all get the
 * key of the first.
 *
 * @throws Error when the file is a symbolic link, belongs to another user, can be read by others, or has another length.
 */
export async function ensureMarkKey(folder: string): Promise<Buffer> {
  const file = join(folder, 'mark-key');
  const known = await readKey(file);
  if (known) return known;
  makeFolder(folder);
  const unfinished = join(folder, `mark-key.${process.pid}.${randomBytes(4).toString('hex')}`);
  const handle = await open(unfinished, 'wx', 0o600);
  try {
    await handle.writeFile(randomBytes(keyBytes));
    await handle.sync();
    // A link never replaces a file, and what it names is complete.
    await link(unfinished, file).catch(unlessCode('EEXIST'));
  } finally {
    await handle.close();
    await rm(unfinished, { force: true });
  }
  const made = await readKey(file);
  if (made) return made;
  throw new Error(`The key ${file} was removed while it was created. Run the command again.`);
}

async function readKey(file: string): Promise<Buffer | undefined> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw refused(file, 'it is a symbolic link');
      return unlessCode('ENOENT')(error);
    },
  );
  if (!handle) return undefined;
  try {
    const stats = await handle.stat();
    const { mode, uid, size } = stats;
    if (!stats.isFile()) throw refused(file, 'it is not a file');
    if (uid !== process.getuid?.()) throw refused(file, `it belongs to the user with id ${uid}`);
    if ((mode & 0o077) !== 0)
      throw refused(file, `its mode ${(mode & 0o777).toString(8)} lets others use it`);
    if (size !== keyBytes) throw refused(file, `it has ${size} bytes, not ${keyBytes}`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function unlessCode(expected: string): (error: unknown) => undefined {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code !== expected) throw error;
    return undefined;
  };
}

const refused = (file: string, why: string): Error =>
  new Error(
    `The key ${file} was refused: ${why}. Look who wrote it, then delete it; the next command creates another. ` +
      'Marks that were signed with it are then only healed with `meshproof heal --trust-marks`.',
  );
