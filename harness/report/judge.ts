import { payloadsOf, type Annotation, type Declaration, type RecordedJudgement } from './annotations.ts';
import { plainText } from './plain-text.ts';
import type { ReportPromise } from './schema.ts';

/** The parts of a Playwright TestStep that the judge needs. `duration` is -1 if the step did not end. */
export interface TrialStep {
  title: string;
  category: string;
  duration: number;
  error?: TrialError | undefined;
  steps: TrialStep[];
}

export interface TrialError {
  message?: string;
  value?: string;
  cause?: TrialError;
}

/** The parts of a Playwright TestResult that the judge needs. */
export interface TrialResult {
  status: 'passed' | 'failed' | 'timedOut' | 'skipped' | 'interrupted';
  startTime: Date;
  /** Milliseconds. */
  duration: number;
  annotations: Annotation[];
  errors: TrialError[];
  steps: TrialStep[];
}

/** The begin of the reason of a promise that was not tried. */
export const untried = 'Not judged: ';

type Judged = Pick<ReportPromise, 'verdict' | 'reason' | 'machineBusy'>;

/**
 * The entry of a promise in the report. `fail` needs evidence against the mesh: a failed judgement, an assertion or a
 * PromiseBroken. Any other failure is `error`, also a timeout and a test without a judgement. `unrun` is the reason why a
 * promise without a result was not tried; its start is then `endedAt`.
 */
export function judgeTrial(
  declaration: Declaration,
  result: TrialResult | undefined,
  unrun: string,
  endedAt: Date,
): ReportPromise {
  const { timeoutMs: _timeoutMs, gate: _gate, needsLab: _needsLab, ...declared } = declaration;
  if (!result) {
    const judged = { verdict: 'error', reason: untried + unrun } as const;
    return {
      ...declared,
      ...judged,
      measurements: [],
      startedAt: endedAt.toISOString(),
      durationMs: 0,
      waitingMs: 0,
    };
  }
  const durationMs = Math.max(0, result.duration);
  const waiting = payloadsOf('meshproof.waiting', result.annotations).at(-1);
  const judgements = payloadsOf('meshproof.judgement', result.annotations);
  const judged = judge(result, judgements, unrun);
  const silent = payloadsOf('meshproof.doctor-silent', result.annotations).length > 0;
  const [cause] = payloadsOf('meshproof.cause', result.annotations);
  return {
    ...declared,
    ...judged,
    ...(cause && judged.verdict !== 'pass' ? { cause } : {}),
    ...(silent && judged.verdict === 'fail' ? { doctorSilent: true as const } : {}),
    measurements: judgements.flatMap((one) => one.measurements),
    ...(judgements.length > 0 ? { judgements: judgements.map(withoutMeasurements) } : {}),
    startedAt: result.startTime.toISOString(),
    durationMs,
    waitingMs: Math.min(durationMs, Math.round(waiting?.waitingMs ?? 0)),
  };
}

function withoutMeasurements({
  measurements: _measurements,
  machineBusy: _busy,
  ...rest
}: RecordedJudgement) {
  return rest;
}

function judge(result: TrialResult, judgements: RecordedJudgement[], unrun: string): Judged {
  if (result.status === 'interrupted')
    return { verdict: 'error', reason: `${untried}The run was interrupted.` };
  if (result.status === 'skipped') return skipped(result, unrun);

  const outcome = payloadsOf('meshproof.outcome', result.annotations).at(-1);
  const broken = [
    ...(outcome?.ended === 'broken' ? [plainText(outcome.message)] : []),
    ...softFailures(result),
  ];
  const failing = judgements.filter((one) => one.verdict === 'fail');
  const unclear = judgements.filter((one) => one.verdict === 'error');
  if (failing.length > 0)
    return { verdict: 'fail', reason: withOtherErrors(reasons(failing), result, broken) };
  // A matcher also throws for a judgement of `error`: that is not evidence against the mesh.
  if (unclear.length > 0) {
    // The error of the last matcher quotes the reasons.
    const known = [...broken, ...(outcome ? [plainText(outcome.message)] : [])];
    const isBusy = unclear.every(({ machineBusy }) => machineBusy);
    return unjudged(reasons(unclear), result, known, isBusy);
  }
  if (broken.length > 0)
    return { verdict: 'fail', reason: withOtherErrors(broken.join('\n'), result, broken) };
  if (result.status === 'timedOut') return { verdict: 'error', reason: timeout(result) };
  if (outcome?.ended === 'threw') {
    const thrown = plainText(outcome.message);
    return unjudged(thrown, result, [thrown], outcome.machineBusy === true);
  }
  const errors = errorTexts(result);
  if (errors.length > 0) {
    const when = outcome ? 'The suite ended with an error' : 'Not finished';
    return { verdict: 'error', reason: `${when}: ${errors.join('\n')}` };
  }
  if (judgements.length === 0) return { verdict: 'error', reason: 'The suite ended without a judgement.' };
  return { verdict: 'pass', reason: reasons(judgements) };
}

/** An `error` with its reason. A busy machine is noted if the trial does not have other errors. */
function unjudged(reason: string, result: TrialResult, known: string[], isBusy: boolean): Judged {
  return {
    verdict: 'error',
    reason: withOtherErrors(reason, result, known),
    ...(isBusy && otherErrors(result, known).length === 0 ? { machineBusy: true } : {}),
  };
}

function skipped(result: TrialResult, unrun: string): Judged {
  const skip = result.annotations.find((one) => one.type === 'skip' || one.type === 'fixme');
  // Without an annotation, the suite did not skip the test: Playwright stopped before it.
  if (!skip) return { verdict: 'error', reason: untried + unrun };
  return { verdict: 'skipped', reason: skip.description || 'The suite did not give a reason.' };
}

function reasons(judgements: RecordedJudgement[]): string {
  return judgements.map(({ scope, reason }) => (scope ? `${scope}: ${reason}` : reason)).join('\n');
}

/**
 * Messages of `expect.soft`: failed assertions of the body that are in the errors of the test. A hard assertion is there,
 * too, but it is already in the outcome; a caught one is not. A matcher that throws its own class, such as CannotJudge, did
 * not judge. A matcher that throws a plain Error looks like a failed assertion.
 */
function softFailures(result: TrialResult): string[] {
  const thrown = payloadsOf('meshproof.outcome', result.annotations).map((one) => plainText(one.message));
  const reached = errorTexts(result);
  const errors = assertionsOf(result.steps).flatMap((step) => step.error ?? []);
  const failed = errors.filter((one) => /^(?:Error|PromiseBroken): /.test(one.message ?? '')).map(textOf);
  return [...new Set(failed)].filter((text) => reached.includes(text) && !thrown.includes(text));
}

function assertionsOf(steps: TrialStep[]): TrialStep[] {
  return steps
    .filter((step) => step.category !== 'hook' && step.category !== 'fixture')
    .flatMap((step) => [
      ...(step.category === 'expect' && step.error ? [step] : []),
      ...assertionsOf(step.steps),
    ]);
}

/** The reason with further errors, for example of a mesh that was not healed. */
function withOtherErrors(reason: string, result: TrialResult, known: string[]): string {
  const rest = otherErrors(result, known);
  return rest.length === 0 ? reason : `${reason}\nOther errors: ${rest.join('\n')}`;
}

const otherErrors = (result: TrialResult, known: readonly string[]): string[] =>
  errorTexts(result).filter((text) => !known.some((one) => one.startsWith(text)));

function timeout(result: TrialResult): string {
  const during = stuckAt(result.steps);
  return errorTexts(result).join('\n') + (during ? `\nLast step: ${during}` : '');
}

/** Titles from the outermost to the innermost step that failed or did not end. Each level has the last such step. */
function stuckAt(steps: TrialStep[]): string {
  const step = steps.findLast((one) => one.category !== 'hook' && (one.duration < 0 || one.error));
  if (!step) return '';
  const inner = stuckAt(step.steps);
  return inner ? `${step.title} › ${inner}` : step.title;
}

function errorTexts(result: TrialResult): string[] {
  return result.errors.map(textOf);
}

/** The message of an error and of its causes in plain text, without the causes that the message quotes. */
export function textOf(error: TrialError): string {
  const own = plainText(error.message ?? error.value ?? 'an error without a message');
  const cause = error.cause ? textOf(error.cause) : '';
  return own.includes(cause) ? own : `${own}\nCause: ${cause}`;
}
