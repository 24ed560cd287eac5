import { wholeWords } from './whole-words.ts';
import { safeText, unguarded } from '../../harness/base/output-guard.ts';

/** How often a line that is not updated in place is printed. */
const plainEveryMs = 5_000;
const redrawEveryMs = 200;

/**
 * Shows on standard error what is read of each cluster: one line that is updated on a terminal, otherwise a line at the start and one
 * every 5 s. Dispose it before you print the result.
 */
export class Progress implements Disposable {
  readonly #parts = new Map<string, string>();
  readonly #startMs = performance.now();
  readonly #isTerminal = process.stderr.isTTY === true && process.stdout.isTTY === true;
  readonly #quiet: boolean;
  readonly #timer: NodeJS.Timeout;
  #started = false;

  /** `quiet` prints no line before 5 s, if standard error is not a terminal. */
  constructor({ quiet = false } = {}) {
    this.#quiet = quiet;
    const every = this.#isTerminal ? redrawEveryMs : plainEveryMs;
    this.#timer = setInterval(() => this.#show(), every);
    this.#timer.unref();
  }

  /** Notes the part of a cluster that is read now; "done" is the last part. */
  readonly report = (cluster: string, part: string): void => {
    this.#parts.set(cluster, part);
    if (this.#isTerminal) this.#show();
    else if (!this.#started && !this.#quiet) queueMicrotask(() => this.#begin());
  };

  #begin(): void {
    if (this.#started) return;
    this.#started = true;
    console.error(`Reading ${[...this.#parts.keys()].join(' and ')}.`);
  }

  #show(): void {
    const open = [...this.#parts].filter(([, part]) => part !== 'done');
    if (open.length === 0) return;
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    const text = `Reading ${open.map(([cluster, part]) => `${cluster}: ${part}`).join('; ')} (${seconds} s)`;
    if (!this.#isTerminal) console.error(text);
    else {
      const line = wholeWords(safeText(text), (process.stderr.columns || 80) - 1);
      unguarded(process.stderr).write(`\r\x1b[K${line}`);
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    if (this.#isTerminal) unguarded(process.stderr).write('\r\x1b[K');
  }
}
