import { payloadsOf, type Annotation, type Declaration, type RecordedJudgement } from './annotations.ts';
import { plainText } from './plain-text.ts';
import type { ReportPromise } from './schema.ts';

/** A step of a test, as far as it matters here; a Playwright TestStep fits. `duration` is -1 when it never ended. */
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

/** How one promise was tried; a Playwright TestResult fits. */
export interface TrialResult {
  status: 'passed' | 'failed' | 'timedOut' | 'skipped' | 'interrupted';
  startTime: Date;
  /** Milliseconds. */
  duration: number;
  annotations: Annotation[];
  errors: TrialError[];
  steps: TrialStep[];
}

/** How the reason of a promise begins that was never tried. */
export const untried = 'Not judged: ';

type Judged = Pick<ReportPromise, 'verdict' | 'reason'>;

/**
 * The entry of a promise in the report. `fail` needs evidence against the mesh: a judgement that says so, an assertion
 * or a PromiseBroken. Whatever else goes wrong, a timeout included, is `error`, and so is a test without any judgement.
 * `unrun` says why a promise without a result was never tried; `endedAt` then stands for its start.
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
  const judged = judge(result, unrun);
  const [cause] = payloadsOf('meshproof.cause', result.annotations);
  return {
    ...declared,
    ...judged,
    ...(cause && judged.verdict !== 'pass' ? { cause } : {}),
    measurements: payloadsOf('meshproof.judgement', result.annotations).flatMap((one) => one.measurements),
    startedAt: result.startTime.toISOString(),
    durationMs,
    waitingMs: Math.min(durationMs, Math.round(waiting?.waitingMs ?? 0)),
  };
}

function judge(result: TrialResult, unrun: string): Judged {
  const judgements = payloadsOf('meshproof.judgement', result.annotations);
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
  if (failing.length > 0) return { verdict: 'fail', reason: withAftermath(reasons(failing), result, broken) };
  // A matcher that is given a judgement of `error` throws as well: that says nothing against the mesh.
  if (unclear.length > 0)
    return { verdict: 'error', reason: withAftermath(reasons(unclear), result, broken) };
  if (broken.length > 0) return { verdict: 'fail', reason: withAftermath(broken.join('\n'), result, broken) };
  if (result.status === 'timedOut') return { verdict: 'error', reason: timeout(result) };
  if (outcome?.ended === 'threw') {
    const thrown = plainText(outcome.message);
    return { verdict: 'error', reason: withAftermath(thrown, result, [thrown]) };
  }
  const errors = errorTexts(result);
  if (errors.length > 0) {
    const when = outcome ? 'The suite ended, but not without an error' : 'Not finished';
    return { verdict: 'error', reason: `${when}: ${errors.join('\n')}` };
  }
  if (judgements.length === 0)
    return { verdict: 'error', reason: 'No evidence was recorded: the suite judged nothing.' };
  return { verdict: 'pass', reason: reasons(judgements) };
}

function skipped(result: TrialResult, unrun: string): Judged {
  const skip = result.annotations.find((one) => one.type === 'skip' || one.type === 'fixme');
  // Without an annotation nobody asked for it: Playwright gave up before the test.
  if (!skip) return { verdict: 'error', reason: untried + unrun };
  return { verdict: 'skipped', reason: skip.description || 'No reason was given.' };
}

function reasons(judgements: RecordedJudgement[]): string {
  return judgements.map(({ scope, reason }) => (scope ? `${scope}: ${reason}` : reason)).join('\n');
}

/**
 * Messages of `expect.soft`: failed assertions of the body that reached the test's errors. A hard one also does, but is
 * in the outcome already; one that the body caught does not. A matcher that throws a class of its own, such as
 * CannotJudge, did not judge; one that throws a plain Error cannot be told from a failed assertion here.
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

/** The reason, and what went wrong besides: a mesh that was not healed, say. */
function withAftermath(reason: string, result: TrialResult, told: string[]): string {
  const rest = errorTexts(result).filter(
    (text) => !told.includes(text) && !told.some((one) => one.startsWith(text)),
  );
  return rest.length === 0 ? reason : `${reason}\nBesides: ${rest.join('\n')}`;
}

function timeout(result: TrialResult): string {
  const during = stuckAt(result.steps);
  return errorTexts(result).join('\n') + (during ? `\nIt was at: ${during}` : '');
}

/** Titles from the outermost to the innermost step that failed or never ended, the last such of each level. */
function stuckAt(steps: TrialStep[]): string {
  const step = steps.findLast((one) => one.category !== 'hook' && (one.duration < 0 || one.error));
  if (!step) return '';
  const inner = stuckAt(step.steps);
  return inner ? `${step.title} › ${inner}` : step.title;
}

function errorTexts(result: TrialResult): string[] {
  return result.errors.map(textOf);
}

/** The message of an error and of its causes, in plain text; not of those that it quotes already. */
export function textOf(error: TrialError): string {
  const own = plainText(error.message ?? error.value ?? 'an error without a message');
  const cause = error.cause ? textOf(error.cause) : '';
  return own.includes(cause) ? own : `${own}\nCause: ${cause}`;
}
