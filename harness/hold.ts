import type { TestInfo } from '@playwright/test';
import { expect } from './expect.ts';
import { recordJudgement } from './promise.ts';
import { every } from './verdict/judgement.ts';
import type { Judgement } from './verdict/verdict.ts';

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
  const scoped = Object.entries(judgements).map(([scope, judgement]) => {
    recordJudgement(testInfo, judgement, scope);
    return { ...judgement, reason: `${scope}: ${judgement.reason}` };
  });
  expect(every(scoped)).toHold();
}
