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
 * Thrown by a suite or a matcher when the mesh did not do what it promised. Any other error means that the promise
 * could not be judged; the message must name what was expected and what was seen.
 */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken';
}
