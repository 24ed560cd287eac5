import type { Measurement } from './verdict.ts';

/**
 * The evidence does not allow a judgement: no requests, no baseline, a fault without effect. The class is deliberately not
 * an assertion error: the reporter turns `CannotJudge` into the verdict `error`, and an assertion error into `fail`.
 */
export class CannotJudge extends Error {
  override readonly name = 'CannotJudge';
  readonly measurements: readonly Measurement[];

  constructor(reason: string, options: { measurements?: readonly Measurement[]; cause?: unknown } = {}) {
    super(reason, options.cause === undefined ? undefined : { cause: options.cause });
    this.measurements = options.measurements ?? [];
  }
}

/**
 * A suite or a matcher throws it when the mesh broke a promise. Any other error means that the promise could not be judged.
 * The message must name the expected and the observed value.
 */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken';
}
