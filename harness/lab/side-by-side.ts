import type { StepOptions } from './step.ts';

/**
 * One line of progress for work that is done side by side: what each part that is still at work said last, and how many
 * parts have ended. `work` gets the part's own `onLine`; the options are otherwise as given.
 */
export class SideBySide {
  readonly #options: StepOptions;
  readonly #atWork = new Map<string, string>();
  #begun = 0;
  #ended = 0;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  /** Does a part of the work; `name` stands before what it says. */
  async part<T>(name: string, work: (options: StepOptions) => Promise<T>): Promise<T> {
    this.#begun += 1;
    this.#say(name, '');
    try {
      return await work({ ...this.#options, onLine: (line) => this.#say(name, line) });
    } finally {
      this.#ended += 1;
      this.#atWork.delete(name);
      this.#tell();
    }
  }

  #say(name: string, line: string): void {
    this.#atWork.set(name, line);
    this.#tell();
  }

  #tell(): void {
    const words = [...this.#atWork].map(([name, line]) =>
      line === '' ? name : `${name} (${line.slice(0, 90)})`,
    );
    if (words.length > 0)
      this.#options.onLine?.(`${this.#ended} of ${this.#begun} done; ${words.join(', ')}`);
  }
}
