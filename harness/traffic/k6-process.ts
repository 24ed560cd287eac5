import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { favoured } from '../base/favoured.ts';

/** Environment variable with the path of k6 with the extension of meshproof; scripts/cli/suite-run.ts sets it. */
export const k6Variable = 'MESHPROOF_K6';

const script = join(import.meta.dirname, '../../clusters/k6/load.js');

/** The exit code of an interrupted k6 (https://grafana.com/docs/k6/latest/reference/k6-exit-codes/). */
const interruptedCode = 105;

/** The end of a k6 process. */
export interface K6Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of its log. */
  log: string;
}

/** A k6 process that runs the load script and writes a timeline. */
export interface K6Process {
  readonly pid: number | undefined;
  /** Resolves when k6 has ended and its output is read. Rejects if k6 does not start. */
  readonly ended: Promise<K6Exit>;
  /** Makes k6 stop sending, wait for the answers to requests under way, and end. */
  interrupt(): void;
  /** Ends k6 at once. */
  kill(): void;
}

/**
 * Whether k6 ended without an error: by itself, or because it was interrupted. `complete`: it has written its summary. From
 * then on it does not handle signals, so a late signal ends it.
 */
export const endedWell = ({ code, signal }: K6Exit, wasInterrupted: boolean, complete: boolean): boolean =>
  code === 0 || (wasInterrupted && (code === interruptedCode || (signal === 'SIGINT' && complete)));

/**
 * Starts k6 in its own process group, so that Ctrl-C reaches only meshproof, which then ends k6. The timeline comes through
 * a pipe that only this process reads. If meshproof is killed, the pipe breaks and k6 ends.
 */
export function startK6(
  binary: string,
  variables: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): K6Process {
  const args = ['run', '--quiet', '--no-color', '--summary-mode', 'disabled', '--no-thresholds'];
  const k6 = [binary, ...args, '--address', '', '--out', 'meshproof=fd:3', script];
  const child = spawn(...favoured(k6), {
    env: { ...ownEnvironment(), ...variables },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const log: string[] = [];
  readLines(child.stdio[2] as Readable, (line) => {
    if (log.push(line) > 10) log.shift();
  });
  readLines(child.stdio[3] as Readable, onLine);
  const signal = (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
  };
  return {
    pid: child.pid,
    ended: endOf(child, log),
    interrupt: () => signal('SIGINT'),
    kill: () => signal('SIGKILL'),
  };
}

/** The environment of this process without the K6_ settings of the user, which would change the measurements. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('K6_'));
  return {
    ...Object.fromEntries(others),
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_NO_USAGE_REPORT: 'true',
    GOGC: '50', // saves a seventh of the memory for a hundredth of a core (scripts/dev/bench-load.ts)
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
}

function endOf(child: ChildProcess, log: readonly string[]): Promise<K6Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, log: log.join('\n') }));
  });
}
