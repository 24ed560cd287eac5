import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { withPriority } from '../base/process-priority.ts';

/** Environment variable with the path of k6 with our extension; scripts/cli/suite-run.ts sets it. */
export const k6Variable = 'MESHPROOF_K6';

const script = join(import.meta.dirname, '../../clusters/k6/load.js');

/** k6's exit codes (https://grafana.com/docs/k6/latest/reference/k6-exit-codes/): it was interrupted. */
const interrupted = 105;

/** How a k6 process ended. */
export interface K6Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last lines of its log. */
  said: string;
}

/** A k6 process that runs the load script and writes a timeline. */
export interface K6Process {
  readonly pid: number | undefined;
  /** Resolves when it has ended and all that it wrote was read; rejects when it could not be started. */
  readonly ended: Promise<K6Exit>;
  /** Has it send nothing more, wait for the answers under way, and end. */
  interrupt(): void;
  /** Ends it at once. */
  kill(): void;
}

/**
 * Whether k6 ended as it should: by itself, or because it was told to. `complete`: it has said its last words. From then on it
 * no longer listens to signals, and one that comes a moment too late simply ends it.
 */
export const endedWell = ({ code, signal }: K6Exit, told: boolean, complete: boolean): boolean =>
  code === 0 || (told && (code === interrupted || (signal === 'SIGINT' && complete)));

/**
 * Starts k6 in a process group of its own: a Ctrl-C reaches us, and we end it. Its timeline comes through a pipe that only
 * this process reads: k6 ends by itself when that breaks, so that a harness which was killed leaves no load behind.
 */
export function startK6(
  binary: string,
  variables: Readonly<Record<string, string>>,
  onLine: (line: string) => void,
): K6Process {
  const args = ['run', '--quiet', '--no-color', '--summary-mode', 'disabled', '--no-thresholds'];
  const k6 = [binary, ...args, '--address', '', '--out', 'meshproof=fd:3', script];
  const child = spawn(...withPriority(k6), {
    env: { ...ownEnvironment(), ...variables },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const said: string[] = [];
  readLines(child.stdio[2] as Readable, (line) => {
    if (said.push(line) > 10) said.shift();
  });
  readLines(child.stdio[3] as Readable, onLine);
  const signal = (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(name);
  };
  return {
    pid: child.pid,
    ended: endOf(child, said),
    interrupt: () => signal('SIGINT'),
    kill: () => signal('SIGKILL'),
  };
}

/** Our environment without settings of k6 that somebody has for himself: they would change what is measured. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('K6_'));
  return {
    ...Object.fromEntries(others),
    K6_AUTO_EXTENSION_RESOLUTION: 'false',
    K6_NO_USAGE_REPORT: 'true',
    GOGC: '50', // a seventh less memory for a hundredth of a core (scripts/dev/bench-load.ts)
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
}

function endOf(child: ChildProcess, said: readonly string[]): Promise<K6Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, said: said.join('\n') }));
  });
}
