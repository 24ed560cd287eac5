import { throwTogether } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import { bounds } from '../chaos/bounds.ts';

/** Holds what a test breaks until it is healed. */
export interface Faults {
  /**
   * Breaks something and takes it over, before its first change: it is healed at the end of the test, if the test has not done
   * so. A test that ends meanwhile (Ctrl-C, a timeout) aborts the signal, and its body gets no further.
   *
   * @param healMs the most that healing may take; default that of the slowest that a suite breaks without a kind of fault.
   * @throws what `begin` does, which then has undone what it began; Error when the test is over, before `begin` is called.
   */
  use<T extends AsyncDisposable>(begin: (signal: AbortSignal) => Promise<T>, healMs?: number): Promise<T>;
  /** Whether anything was broken. */
  readonly any: boolean;
}

/** All that one test breaks. Dispose it at its end: it waits for what is being broken, and heals the last first. */
export class FaultSession implements Faults, AsyncDisposable {
  readonly #held = new Set<Promise<AsyncDisposable>>();
  readonly #end = new AbortController();
  #healWithinMs = 0;

  async use<T extends AsyncDisposable>(
    begin: (signal: AbortSignal) => Promise<T>,
    healMs: number = bounds.gateway.healMs,
  ): Promise<T> {
    const { signal } = this.#end;
    signal.throwIfAborted();
    this.#healWithinMs += timeouts.lateMs + healMs;
    const begun = begin(signal);
    this.#held.add(begun);
    try {
      await begun;
    } catch (error) {
      // Whose body was left behind is told nothing any more: then it is for the one who heals.
      if (!signal.aborted) this.#held.delete(begun);
      throw error;
    }
    signal.throwIfAborted();
    return begun;
  }

  get any(): boolean {
    return this.#healWithinMs > 0;
  }

  /** The most that disposing may take, milliseconds: what is being changed ends, then all is healed one after the other. */
  get healWithinMs(): number {
    return this.#healWithinMs;
  }

  /** @throws what could not be healed, when the rest was. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { signal } = this.#end;
    this.#end.abort(new Error('The test is over: nothing more is broken in the mesh.'));
    const failures: unknown[] = [];
    for (const begun of [...this.#held].toReversed())
      try {
        await (await begun)[Symbol.asyncDispose]();
      } catch (error) {
        if (error !== signal.reason) failures.push(error);
      }
    throwTogether(failures, 'Not all that the test broke was healed');
  }
}
