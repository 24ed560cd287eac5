import type { StepOptions } from './step.ts';

/**
 * One line of progress for work that runs concurrently: the last line of each running part, and how many parts have ended.
 * Each part gets its own `onLine`; the other options are passed on.
 */
export class SideBySide {
  readonly #options: StepOptions;
  readonly #lastLines = new Map<string, string>();
  #begun = 0;
  #ended = 0;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  /** Runs a part of the work; `name` precedes its lines. */
  async part<T>(name: string, work: (options: StepOptions) => Promise<T>): Promise<T> {
    this.#begun += 1;
    this.#update(name, '');
    try {
      return await work({ ...this.#options, onLine: (line) => this.#update(name, line) });
    } finally {
      this.#ended += 1;
      this.#lastLines.delete(name);
      this.#report();
    }
  }

  #update(name: string, line: string): void {
    this.#lastLines.set(name, line);
    this.#report();
  }

  #report(): void {
    const running = [...this.#lastLines].map(([name, line]) =>
      line === '' ? name : `${name} (${line.slice(0, 90)})`,
    );
    if (running.length > 0)
      this.#options.onLine?.(`${this.#ended} of ${this.#begun} done; ${running.join(', ')}`);
  }
}
