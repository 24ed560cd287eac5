import type { TestInfo } from '@playwright/test';
import { every } from '../verdict/judgement.ts';
import type { Judgement } from '../verdict/verdict.ts';
import { expect } from './expect.ts';
import { recordJudgement } from './promise.ts';

/**
 * Records a judgement as evidence of the running promise and expects it to hold. `scope` is the direction or place it
 * was made for (`west→east`). Throws what `expect(judgement).toHold()` throws.
 */
export function hold(testInfo: TestInfo, judgement: Judgement, scope?: string): void {
  recordJudgement(testInfo, judgement, scope);
  expect(judgement).toHold();
}

/**
 * {@link hold} for several directions or places, by their scope: all are recorded before one that does not hold throws, so
 * that the report shows whether one direction is broken or all. None at all is an error: nothing was judged.
 */
export function holdAll(testInfo: TestInfo, judgements: Readonly<Record<string, Judgement>>): void {
  const phases = holdPhases(testInfo);
  phases.record(judgements);
  phases.hold();
}

/**
 * {@link holdAll} for what is judged in phases: `record` records the judgements of one as soon as they are made, so that a later
 * phase which cannot go on takes none of them away, and `hold` expects all of them to hold.
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
