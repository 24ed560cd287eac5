import { rm, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { $, which } from 'zx';

export interface CommandOptions {
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  input?: string;
  /** Ends the command's whole process tree when aborted. */
  signal?: AbortSignal | undefined;
  /** The longest that it may take; it is ended then, as by the signal. */
  limitMs?: number | undefined;
  /** Called with each line that the command prints, for progress. */
  onLine?: ((line: string) => void) | undefined;
  /** Holds the command's process id while it runs: whoever finds it after a crash can end the command. */
  pidFile?: string;
}

const wordsOf = (argv: readonly string[]): string => argv.join(' ').slice(0, 200);

/** A command that ended with a status other than zero; the message holds the end of what it printed. */
export class CommandFailed extends Error {
  readonly exitCode: number | null;
  readonly stderr: string;
  constructor(argv: readonly string[], exitCode: number | null, stdout: string, stderr: string) {
    const said = (stderr.trim() || stdout.trim() || '(it printed nothing)')
      .split('\n')
      .slice(-15)
      .join('\n  ');
    super(`\`${wordsOf(argv)}\` ended with status ${exitCode ?? 'none (killed)'}:\n  ${said}`);
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

/**
 * Runs a command to its end and returns what it wrote to standard output, trimmed.
 *
 * @throws CommandFailed when it ends with a status other than zero; the signal's reason when aborted; Error when it is not done
 *   within its limit.
 */
export async function run(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, env, input, signal, limitMs, onLine, pidFile } = options;
  signal?.throwIfAborted();
  const limit = limitMs === undefined ? undefined : AbortSignal.timeout(limitMs);
  const ends = [signal, limit].filter((one) => one !== undefined);
  const child = $({
    quiet: true,
    nothrow: true,
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...process.env, ...env },
    ...(ends.length === 0 ? {} : { signal: AbortSignal.any(ends) }),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })`${argv}`;
  if (input !== undefined) child.stdin.end(input);
  if (onLine) {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream.pipe(new PassThrough()) }).on('line', onLine);
    }
  }
  if (pidFile !== undefined) await writeFile(pidFile, String(child.pid));
  const output = await child;
  signal?.throwIfAborted();
  if (limit?.aborted && output.exitCode !== 0)
    throw new Error(`\`${wordsOf(argv)}\` was not done within ${(limitMs ?? 0) / 1000} s, and was ended.`);
  if (pidFile !== undefined) await rm(pidFile, { force: true }); // left by what was cut off: see removeLab
  if (output.exitCode !== 0) throw new CommandFailed(argv, output.exitCode, output.stdout, output.stderr);
  return output.stdout.trim();
}

/** Whether a command can be run by that name. */
export const isInstalled = async (name: string): Promise<boolean> =>
  (await which(name, { nothrow: true })) !== null;
