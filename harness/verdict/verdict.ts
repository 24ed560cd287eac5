/**
 * `pass` and `fail` are judgements about the mesh. `error` means that meshproof could not judge, and `skipped` that it did
 * not try; both carry a reason. Missing evidence is an `error`, never a `pass`.
 */
export type Verdict = 'pass' | 'fail' | 'error' | 'skipped';

/** One number behind a judgement, as it is shown in the report. */
export interface Measurement {
  /** The name of the measured value, in the terms of Istio: "share answered by east". */
  name: string;
  value: number;
  /** Unit as printed: "ms", "%", "requests", "" for a plain count. */
  unit: string;
  /** The values that a conformant mesh may show, both ends inclusive; absent if the number only informs. */
  atLeast?: number;
  atMost?: number;
  /** The direction or place of the measurement: "west→east". */
  scope?: string;
}

/** The result of a pure judgement over a recording. */
export interface Judgement {
  verdict: 'pass' | 'fail' | 'error';
  /** One sentence that names the deciding numbers; for `fail`, the expected and the observed ones. */
  reason: string;
  measurements: Measurement[];
  /** Of an `error`: this machine was too busy to run the mesh or its load, so another try may be judged. */
  machineBusy?: true;
}
