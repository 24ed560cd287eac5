import type { RequestRecord } from '../../traffic/timeline.ts';
import { cannotJudge, measured, unless } from '../judgement.ts';
import type { Judgement } from '../verdict.ts';
import { count, countOutcomes, ms, tally } from '../wording.ts';

/** The most requests that may fail. */
export interface ErrorBudget {
  budgetErrors: number;
  /**
   * The same where all requests that a late sender sent at once count as under way; as `budgetErrors` when absent. A stall of the
   * sender bunches requests, and what breaks meanwhile takes them all: that is none of the mesh's.
   */
  lateBudgetErrors?: number;
}

/** Judges failed requests by a budget. Between the two budgets it cannot judge: `lateMs` is how late requests were sent, at most. */
export function judgeErrorBudget(
  failed: readonly RequestRecord[],
  { budgetErrors, lateBudgetErrors = budgetErrors }: ErrorBudget,
  { lateMs = 0, scope }: { lateMs?: number | undefined; scope?: string | undefined } = {},
): Judgement {
  const measurements = [
    measured('failed requests', failed.length, 'requests', { atMost: budgetErrors, scope }),
  ];
  const seen = `${count(failed.length, 'request')} failed`;
  const tooMany = `${seen} (${tally(countOutcomes(failed))}), at most ${budgetErrors} may`;
  if (failed.length > budgetErrors && failed.length <= lateBudgetErrors)
    return cannotJudge(
      `${tooMany}, but requests were sent up to ${ms(lateMs)} after they were due: this machine is too busy`,
      measurements,
    );
  return unless(
    failed.length > budgetErrors ? [tooMany] : [],
    `${seen} of at most ${budgetErrors}`,
    measurements,
  );
}
