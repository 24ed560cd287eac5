import type { z } from 'zod';
import { throwTogether } from '../base/settle-all.ts';
import { timeouts } from '../base/timeouts.ts';
import { bounds } from '../chaos/bounds.ts';
import type { FaultKind } from '../chaos/fault.ts';
import { inject, type Injected, type InjectOptions } from '../chaos/heal/inject.ts';
import type { Mesh } from '../mesh/attach.ts';

/** The faults and temporary changes of a test. The end of the test heals them, the last first. */
export interface Faults {
  /**
   * Injects a fault through the journal and proves its effect. `heal()` of the result heals the fault earlier than the end of the test.
   * If the test ends during the injection (Ctrl-C, a timeout), the fault is healed and the test body stops.
   *
   * @throws FaultUnavailable, InvalidParameters and other errors of {@link inject}; Error when the test is over.
   */
  inject<P extends z.ZodObject, U>(
    kind: FaultKind<P, U>,
    parameters: z.input<P>,
    options?: Omit<InjectOptions, 'signal'>,
  ): Promise<Injected>;
  /**
   * Makes a temporary change that is not a fault, such as `scale`. If the test ends meanwhile, the signal is aborted, the change is
   * undone and the test body stops.
   *
   * @param undoMs the most time that undoing may take; default: the time to heal a gateway.
   * @throws the error of `begin`, which then has undone its change; Error when the test is over, before `begin` is called.
   */
  use<T extends AsyncDisposable>(begin: (signal: AbortSignal) => Promise<T>, undoMs?: number): Promise<T>;
  /** Whether the test began a fault or a change. */
  readonly any: boolean;
}

/** All faults and changes of one test. Disposing waits for those that are beginning, then heals the last first. */
export class FaultSession implements Faults, AsyncDisposable {
  readonly #mesh: Mesh;
  readonly #held = new Set<Promise<AsyncDisposable>>();
  readonly #end = new AbortController();
  #healWithinMs = 0;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  inject<P extends z.ZodObject, U>(
    kind: FaultKind<P, U>,
    parameters: z.input<P>,
    options: Omit<InjectOptions, 'signal'> = {},
  ): Promise<Injected> {
    const begin = (signal: AbortSignal) => inject(this.#mesh, kind, parameters, { ...options, signal });
    return this.use(begin, kind.bounds.healMs);
  }

  async use<T extends AsyncDisposable>(
    begin: (signal: AbortSignal) => Promise<T>,
    undoMs: number = bounds.gateway.healMs,
  ): Promise<T> {
    const { signal } = this.#end;
    signal.throwIfAborted();
    this.#healWithinMs += timeouts.lateMs + undoMs;
    const begun = begin(signal);
    this.#held.add(begun);
    try {
      await begun;
    } catch (error) {
      // After the end of the test its body is abandoned: disposing reports the error then.
      if (!signal.aborted) this.#held.delete(begun);
      throw error;
    }
    signal.throwIfAborted();
    return begun;
  }

  get any(): boolean {
    return this.#healWithinMs > 0;
  }

  /** The most time that disposing may take, milliseconds: begun changes end, then all are healed one after the other. */
  get healWithinMs(): number {
    return this.#healWithinMs;
  }

  /** @throws Error that lists everything that is not healed; the rest is. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { signal } = this.#end;
    this.#end.abort(new Error('The test is over: it cannot inject faults any more.'));
    const failures: unknown[] = [];
    for (const begun of [...this.#held].toReversed())
      try {
        await (await begun)[Symbol.asyncDispose]();
      } catch (error) {
        if (error !== signal.reason) failures.push(error);
      }
    throwTogether(failures, 'Not all faults of the test are healed');
  }
}
