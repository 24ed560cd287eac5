import { existsSync, readFileSync } from 'node:fs';

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * When a process was started, in clock ticks since boot (proc_pid_stat(5), field 22): with its number this distinguishes it from a later
 * process that got the same one. Where there is no /proc it is `0` for each that is alive.
 *
 * @returns undefined for a process that is gone, or that has ended and was not waited for (a zombie does nothing more).
 */
export function processStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return !existsSync('/proc/self/stat') && answers(pid) ? '0' : undefined;
  }
  // Field 2 is the name in parentheses, and may hold anything, parentheses too; field 3 is the state.
  const [state = '', ...others] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 'ZX'.includes(state) ? undefined : others[18];
}

/** Whether there is a process of that number on this machine that may still do something. */
export const isAlive = (pid: number): boolean => processStart(pid) !== undefined;
