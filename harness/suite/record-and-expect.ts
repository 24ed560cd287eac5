import type { TestInfo } from '@playwright/test';
import { every } from '../verdict/judgement.ts';
import type { Judgement } from '../verdict/verdict.ts';
import { expect } from './expect.ts';
import { recordJudgement } from './promise.ts';

/**
 * Records a judgement of the running promise in the report and expects it to hold. `scope` is the direction or place of the judgement
 * (`west→east`). Throws the error of `expect(judgement).toHold()`.
 */
export function hold(testInfo: TestInfo, judgement: Judgement, scope?: string): void {
  recordJudgement(testInfo, judgement, scope);
  expect(judgement).toHold();
}

/**
 * {@link hold} for several judgements by scope. All are recorded before a judgement that does not hold throws, so the report shows
 * whether one direction fails or all. An empty record is an error: nothing was judged.
 */
export function holdAll(testInfo: TestInfo, judgements: Readonly<Record<string, Judgement>>): void {
  const phases = holdPhases(testInfo);
  phases.record(judgements);
  phases.hold();
}

/**
 * {@link holdAll} for a promise with several phases. `record` records the judgements of a phase at once, so they stay in the report if a
 * later phase throws. `hold` expects all recorded judgements to hold.
 */
export function holdPhases(testInfo: TestInfo) {
  const scoped: Judgement[] = [];
  return {
    record: (judgements: Readonly<Record<string, Judgement>>): void => {
      for (const [scope, judgement] of Object.entries(judgements)) {
        recordJudgement(testInfo, judgement, scope);
        scoped.push({ ...judgement, reason: `${scope}: ${judgement.reason}` });
      }
    },
    hold: (): void => expect(every(scoped)).toHold(),
  };
}
