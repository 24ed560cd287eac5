import type { RequestRecord } from '../../traffic/timeline.ts';
import { machineTooBusy, measured, unless } from '../judgement.ts';
import type { Judgement } from '../verdict.ts';
import { count, countOutcomes, ms, tally } from '../wording.ts';

/** The most requests that may fail. */
export interface ErrorBudget {
  budgetErrors: number;
  /**
   * The budget if all requests that a late sender sent at once count as in flight. Default: `budgetErrors`. A stall of the
   * sender bunches requests, and a fault then fails all of them: that is not a failure of the mesh.
   */
  lateBudgetErrors?: number;
}

/** Judges failed requests by a budget. Cannot judge between the two budgets. `lateMs` is the most that a request was sent late. */
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
    return machineTooBusy(
      `${tooMany}, but requests were sent up to ${ms(lateMs)} after they were due: this machine is too busy`,
      measurements,
    );
  return unless(
    failed.length > budgetErrors ? [tooMany] : [],
    `${seen} of at most ${budgetErrors}`,
    measurements,
  );
}
