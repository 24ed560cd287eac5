import { readFile, writeFile } from 'node:fs/promises';

const file = '/proc/sys/fs/inotify/max_user_instances';
/** A node uses about 40 inotify instances. With the kernel's default of 128, the kubelet of about the fourth node fails to start. */
const wanted = 1024;

/**
 * Raises the kernel's limit of inotify instances until the next boot, if it is too low for several nodes (a known issue of
 * kind). Returns a warning if this process may not raise it.
 */
export async function ensureInotifyInstances(): Promise<string | undefined> {
  let limit: number;
  try {
    limit = Number(await readFile(file, 'utf8'));
  } catch {
    return undefined; // not Linux: the engine runs on another kernel
  }
  if (limit >= wanted) return undefined;
  try {
    await writeFile(file, String(wanted));
    return undefined;
  } catch {
    return `fs.inotify.max_user_instances is ${limit}: nodes may fail to start. Raise the limit: sysctl -w fs.inotify.max_user_instances=${wanted}`;
  }
}
