import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { UnusablePath } from '../../../harness/base/folders.ts';
import { InvalidFile } from '../../../harness/config/invalid-file.ts';
import { ForeignLab } from '../../../harness/lab/owner.ts';
import { WrongUse } from '../../cli/outcome.ts';
import type { Sandbox, Target } from './targets.ts';

/** Time limit to read one input, in milliseconds. */
export const mostMs = 5_000;

export interface FuzzOptions {
  seed: number;
  runs: number;
  /** The path with which fast-check shrinks to the same input again. */
  path?: string;
  /** Called with each input before it is read. */
  onInput?: (input: string) => void;
}

/** A violation by a reader, with the smallest input that causes it. */
export interface Finding {
  kind: string;
  input: string;
  path: string;
}

/** True for a message of the product; false for a TypeError, RangeError, or raw error of a validator or of the system. */
function isClear(error: unknown): boolean {
  if ([InvalidFile, UnusablePath, WrongUse, ForeignLab].some((kind) => error instanceof kind)) return true;
  if (error instanceof AggregateError) return error.errors.every(isClear);
  if (!(error instanceof Error) || error.name === 'ZodError') return false;
  return (
    !(
      error instanceof TypeError ||
      error instanceof RangeError ||
      error instanceof SyntaxError ||
      error instanceof URIError
    ) && !('syscall' in error)
  );
}

/** Every file in a folder, except `inner`, with its size and time. */
const listing = (root: string): string =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => name !== 'inner' && !name.startsWith('inner/'))
    .map((name) => {
      const { size, mtimeMs, mode } = lstatSync(join(root, name));
      return `${name} ${size} ${mtimeMs} ${mode}`;
    })
    .sort()
    .join('\n');

const textOf = (input: unknown): string =>
  input instanceof Uint8Array ? `base64:${Buffer.from(input).toString('base64')}` : fc.stringify(input);

/** A folder for one input: `inner` for the reader, and other files that must not change. */
class Surroundings implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'meshproof-fuzz-'));
  readonly #before: string;
  readonly #stateBefore = process.env['MESHPROOF_STATE'];
  readonly sandbox: Sandbox = { inner: join(this.#root, 'inner'), outside: join(this.#root, 'outside') };

  constructor() {
    for (const folder of [this.sandbox.inner, this.sandbox.outside]) mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(this.sandbox.outside, 'precious'), 'precious');
    writeFileSync(join(this.sandbox.outside, '1.1'), 'named as a holder of a lock');
    process.env['MESHPROOF_STATE'] = join(this.sandbox.inner, 'state');
    this.#before = listing(this.#root);
  }

  requireUnchanged(): void {
    const after = listing(this.#root);
    if (after !== this.#before)
      throw new Error(`wrote outside of its folder. Before:\n${this.#before}\nAfter:\n${after}`);
  }

  [Symbol.dispose](): void {
    if (this.#stateBefore === undefined) delete process.env['MESHPROOF_STATE'];
    else process.env['MESHPROOF_STATE'] = this.#stateBefore;
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/**
 * Runs a reader on generated inputs, each in its own folder.
 *
 * @returns the first finding, shrunk, or undefined.
 */
export async function runTarget(
  target: Target,
  { seed, runs, path, onInput }: FuzzOptions,
): Promise<Finding | undefined> {
  const property = target.property((read) => async (input) => {
    onInput?.(textOf(input));
    using surroundings = new Surroundings();
    const began = performance.now();
    try {
      await read(input, surroundings.sandbox);
    } catch (error) {
      if (!isClear(error)) throw error;
    }
    const tookMs = performance.now() - began;
    if (tookMs > mostMs) throw new Error(`took ${Math.round(tookMs)} ms, at most ${mostMs} ms may pass`);
    surroundings.requireUnchanged();
  });
  const details = await fc.check(property, {
    ...{ seed, numRuns: runs, interruptAfterTimeLimit: 90_000 },
    ...(path === undefined ? {} : { path }),
  });
  if (!details.failed || details.counterexample === null) return undefined;
  const { errorInstance, counterexample, counterexamplePath } = details;
  const kind =
    errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  return { kind, input: textOf(counterexample[0]), path: counterexamplePath ?? '' };
}
