import { readFile, writeFile } from 'node:fs/promises';

const file = '/proc/sys/fs/inotify/max_user_instances';
/** A node takes about 40 of them; the kernel's own limit is 128, where a kubelet of the fourth node or so fails to start. */
const wanted = 1024;

/**
 * Raises the kernel's limit of inotify instances where it is too low for several nodes (a known issue of kind) and this
 * process may. Lasts until the next boot. Returns a warning where it may not.
 */
export async function ensureInotifyInstances(): Promise<string | undefined> {
  let limit: number;
  try {
    limit = Number(await readFile(file, 'utf8'));
  } catch {
    return undefined; // not Linux: the engine has a kernel of its own
  }
  if (limit >= wanted) return undefined;
  try {
    await writeFile(file, String(wanted));
    return undefined;
  } catch {
    return `fs.inotify.max_user_instances is ${limit}: nodes may fail to start. Raise it: sysctl -w fs.inotify.max_user_instances=${wanted}`;
  }
}
