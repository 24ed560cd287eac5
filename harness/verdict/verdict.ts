/**
 * `pass` and `fail` are judgements about the mesh. `error` means that meshproof could not judge, and `skipped` that it
 * did not try; both carry a reason. No evidence is an `error`, never a `pass`.
 */
export type Verdict = 'pass' | 'fail' | 'error' | 'skipped';

/** One number behind a judgement, as it is shown in the report. */
export interface Measurement {
  /** What was measured, in the field's terms: "share answered by east". */
  name: string;
  value: number;
  /** Unit as printed: "ms", "%", "requests", "" for a plain count. */
  unit: string;
  /** What a conformant mesh may show, both ends inclusive; absent where the number only informs. */
  atLeast?: number;
  atMost?: number;
  /** The direction or place it was measured in: "west→east". */
  scope?: string;
}

/** The result of a pure judgement over a recording. */
export interface Judgement {
  verdict: 'pass' | 'fail' | 'error';
  /** One sentence that names the numbers it came from; for `fail`, what was expected and what was seen. */
  reason: string;
  measurements: Measurement[];
}
