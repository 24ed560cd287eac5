import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { countJunit, failuresOf, type Count } from '../dev/test-count.ts';

/** One part of `npm test`: a command and its tests. */
export interface Part {
  title: string;
  argv: readonly string[];
  /** The path of the command's JUnit report. A part without a report counts as one test. */
  junit?: string;
  /** Time limit. The part is interrupted after it. */
  boundMs: number;
}

/** Time for an interrupted part to remove its labs. Then the part is killed. */
const graceMs = 300_000;

/**
 * Runs a part in its own process group, so that it gets Ctrl-C once, from this process. The part is interrupted at its time limit
 * or by `signal`. If it does not end, or by `kill`, it is killed.
 *
 * @returns the exit code; null if a signal ended the part or if it could not start.
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

/** Numbers of passed and failed tests of a part that has ended. */
export function countPart(part: Part, status: number | null): Count {
  if (part.junit === undefined) return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const count = countJunit(reportOf(part));
  // A runner that failed without a failed test, or that did not run a test, counts as a failure.
  const silent = (status !== 0 && count.failed === 0) || count.passed + count.failed === 0;
  return silent ? { ...count, failed: count.failed + 1 } : count;
}

/** The failures of a part that has ended, with one or more lines for each failure that {@link countPart} counts. */
export function failuresIn(part: Part, status: number | null): string[] {
  const told = failuresOf(reportOf(part));
  if (countPart(part, status).failed > told.length) told.push(`ended with ${status}`);
  return told.map((one) => `${part.title}: ${one}`);
}

/** The JUnit report of a part; empty if the part did not write it. */
const reportOf = ({ junit }: Part): string =>
  junit !== undefined && existsSync(junit) ? readFileSync(junit, 'utf8') : '';
