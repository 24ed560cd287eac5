import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { shellWord } from './shell-word.ts';

/** A file or folder that meshproof must not use: a wrong setting, a link, a path that leaves its folder. */
export class UnusablePath extends Error {}

/**
 * Joins parts of a path, each of one or more names, with `/`.
 *
 * @throws UnusablePath if a name is empty, `.`, `..` or holds NUL: such a path can leave its folder.
 */
export function pathOf(...parts: readonly string[]): string {
  const names = parts.flatMap((part) => part.split('/'));
  const wrong = names.find((name) => ['', '.', '..'].includes(name) || name.includes('\0'));
  if (wrong === undefined) return names.join('/');
  throw new UnusablePath(
    `Path ${JSON.stringify(parts.join('/').slice(0, 200))} is not safe: it holds the name ${JSON.stringify(wrong.slice(0, 80))}. Use names of files only.`,
  );
}

/**
 * The absolute path of a file or folder below `root`. The root may be a symbolic link, as its user chose it; nothing below it may.
 *
 * @throws UnusablePath if the path leaves the root, or if a file or folder on it is a symbolic link or cannot be examined.
 */
export function inside(root: string, ...parts: readonly string[]): string {
  let path = resolve(root);
  for (const name of pathOf(...parts).split('/')) {
    path = join(path, name);
    if (examined(path)?.isSymbolicLink())
      throw new UnusablePath(
        `${path} is a symbolic link, and meshproof follows no links in ${root}. Delete the link: \`rm ${shellWord(path)}\`.`,
      );
  }
  return path;
}

function examined(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UnusablePath(`${path} cannot be examined: ${code ?? message}. Check its folder.`, {
      cause: error,
    });
  }
}

/**
 * A file name for any text, different for different texts: percent-encoded, so that an ordinary id stays readable. A text of dots only
 * has its dots encoded, too; a text that is empty, longer than `longest` bytes or not well-formed Unicode is replaced by its hash.
 */
export function fileNameOf(text: string, longest = 255): string {
  const encoded = text.isWellFormed() ? encodeURIComponent(text) : '';
  const name = /^\.+$/.test(encoded) ? encoded.replaceAll('.', '%2E') : encoded;
  if (name !== '' && name.length <= longest) return name;
  // An encoded text never holds "%s".
  return `%sha256-${createHash('sha256').update(text, 'utf16le').digest('hex')}`;
}

/**
 * The folder that an environment variable names; undefined if it is empty or not set. A relative path would name another folder in each
 * process that meshproof starts.
 *
 * @throws UnusablePath if the path is relative.
 */
export function folderFrom(variable: string): string | undefined {
  const value = process.env[variable];
  if (value === undefined || value === '') return undefined;
  if (isAbsolute(value)) return resolve(value);
  throw new UnusablePath(
    `${variable}=${value} is a relative path. Set an absolute path, such as ${variable}=${shellWord(resolve(value))}.`,
  );
}

/**
 * Makes a folder, which only its user can read unless `mode` says otherwise, and the folders above it.
 *
 * @throws Error that says what to do: UnusablePath, unless the disk is full.
 */
export function makeFolder(folder: string, mode = 0o700): void {
  try {
    makeAll(folder, mode);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    if (['ENOSPC', 'EDQUOT'].includes(code))
      throw new Error(`Folder ${folder} cannot be made: its disk is full (${code}). Free some space.`, {
        cause: error,
      });
    throw new UnusablePath(
      `Folder ${folder} cannot be made: ${code || message}. Check the folder above it, or set MESHPROOF_STATE or MESHPROOF_CACHE to a folder that you can write to.`,
      { cause: error },
    );
  }
}

/** As mkdir(1) with -p. The recursive mkdir of Node.js 24 never ends if a file system refuses a new folder with ENOENT, as /proc does. */
function makeAll(folder: string, mode: number): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeAll(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/**
 * Checks that other users cannot write to a folder: it belongs to the user of this process (as root with sudo: or to the user of
 * sudo), and its group and others have no write permission. A folder that does not exist yet is fine.
 *
 * @throws UnusablePath with the command that mends it.
 */
export function requireOwn(folder: string, what: string): void {
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (!stats) return;
  if (!stats.isDirectory())
    throw new UnusablePath(`The ${what} ${folder} is not a folder. Delete it: \`rm ${shellWord(folder)}\`.`);
  const user = process.geteuid?.();
  if (user === undefined) return; // not a POSIX system
  const trusted = user === 0 ? [0, Number(process.env['SUDO_UID'] ?? 0)] : [user];
  if (!trusted.includes(stats.uid))
    throw new UnusablePath(
      `The ${what} ${folder} belongs to user ${stats.uid}, but meshproof runs as user ${user}. Change its owner: \`sudo chown -R ${user} ${shellWord(folder)}\`.`,
    );
  if ((stats.mode & 0o022) !== 0)
    throw new UnusablePath(
      `Other users can write to the ${what} ${folder} (mode ${(stats.mode & 0o777).toString(8)}). Change its mode: \`chmod go-w ${shellWord(folder)}\`.`,
    );
}
