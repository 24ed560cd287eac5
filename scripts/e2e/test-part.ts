import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { countJunit, failuresOf, type Count } from '../dev/test-count.ts';

/** One part of `npm test`: a command, and how many tests it counts for. */
export interface Part {
  title: string;
  argv: readonly string[];
  /** Where the command writes a JUnit report, for parts that are made of tests; the others count as one. */
  junit?: string;
  /** It is ended when it has not ended by then. */
  boundMs: number;
}

/** What a part has to undo what it did, once it is told to end: labs are removed. Then it is killed. */
const graceMs = 300_000;

/**
 * Runs a part to its end, in a process group of its own, so that Ctrl-C reaches it through us alone, once. It is interrupted
 * when its time is over or `signal` says so, and killed when that does not end it, or when `kill` says so.
 *
 * @returns its exit code; null when it was ended by a signal or could not be started.
 */
export async function runPart(
  { argv, boundMs }: Part,
  options: { cwd: string; signal: AbortSignal; kill: AbortSignal },
): Promise<number | null> {
  const [command = '', ...args] = argv;
  const child = spawn(command, args, {
    cwd: options.cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const tell = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, signal);
  };
  let grace: NodeJS.Timeout | undefined;
  const interrupt = (): void => {
    tell('SIGINT');
    grace ??= setTimeout(() => tell('SIGKILL'), graceMs);
  };
  const kill = (): void => tell('SIGKILL');
  const bound = setTimeout(interrupt, boundMs);
  options.signal.addEventListener('abort', interrupt);
  options.kill.addEventListener('abort', kill);
  try {
    return await new Promise((resolve) => {
      child.once('error', () => resolve(null));
      child.once('exit', resolve);
    });
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    options.kill.removeEventListener('abort', kill);
    clearTimeout(bound);
    clearTimeout(grace);
  }
}

/** How many tests of a part that has ended passed and failed. */
export function countPart(part: Part, status: number | null): Count {
  if (part.junit === undefined) return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const count = countJunit(reportOf(part));
  // A runner that failed without a failed test, or that ran none, is a failure of its own.
  const silent = (status !== 0 && count.failed === 0) || count.passed + count.failed === 0;
  return silent ? { ...count, failed: count.failed + 1 } : count;
}

/** What has failed in a part that has ended, a line or more for each failure that {@link countPart} counts. */
export function failuresIn(part: Part, status: number | null): string[] {
  const told = failuresOf(reportOf(part));
  if (countPart(part, status).failed > told.length) told.push(`ended with ${status}`);
  return told.map((one) => `${part.title}: ${one}`);
}

/** The JUnit report of a part; empty where it wrote none. */
const reportOf = ({ junit }: Part): string =>
  junit !== undefined && existsSync(junit) ? readFileSync(junit, 'utf8') : '';
