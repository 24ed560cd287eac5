import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recordOf } from '../sample-timelines.ts';
import { judgeErrorBudget } from './error-budget.ts';
import { failoverErrorBudgets } from './failover-bounds.ts';

const failed = (count: number) =>
  Array.from({ length: count }, (_, i) => recordOf(i, { outcome: 'appError' }));

test('as many failures as the budget pass, and one more fails', () => {
  assert.equal(judgeErrorBudget(failed(5), { budgetErrors: 5 }).verdict, 'pass');
  const { verdict, reason, measurements } = judgeErrorBudget(failed(6), { budgetErrors: 5 });
  assert.equal(verdict, 'fail');
  assert.equal(reason, '6 requests failed (6 appError), at most 5 may');
  assert.deepEqual([measurements[0]?.value, measurements[0]?.atMost], [6, 5]);
});

test('failures that a late sender may have bunched cannot be judged, and more failures fail', () => {
  const budgets = { budgetErrors: 5, lateBudgetErrors: 35 };
  const judge = (count: number) => judgeErrorBudget(failed(count), budgets, { lateMs: 150 });
  assert.equal(judge(5).verdict, 'pass');
  assert.equal(judge(35).verdict, 'error');
  assert.match(
    judge(35).reason,
    /35 requests failed .*at most 5 may, but requests were sent up to 150 ms after/,
  );
  assert.equal(judge(36).verdict, 'fail');
});

test('a sender that is late by 150 ms may send fifteen requests at once, at a rate of 100/s', () => {
  const outlierDetection = { consecutive5xxErrors: 3, intervalMs: 1000, maxEjectionPercent: 100 };
  const config = {
    outlierDetection,
    attemptTimeoutMs: 1000,
    localPods: 1,
    requestIntervalMs: 10,
    concurrentRequests: 1,
    load: 'open' as const,
  };
  assert.deepEqual(failoverErrorBudgets(config, {}), { budgetErrors: 5, lateBudgetErrors: 5 });
  assert.deepEqual(failoverErrorBudgets(config, { lateMs: 150 }), { budgetErrors: 5, lateBudgetErrors: 35 });
});
