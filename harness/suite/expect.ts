import { expect as base } from '@playwright/test';
import { CannotJudge } from '../verdict/cannot-judge.ts';
import type { Judgement, Measurement } from '../verdict/verdict.ts';

/**
 * Playwright's `expect` with `expect(judgement).toHold()`: passes on the verdict `pass`, and fails on `fail` with the reason and the
 * measurements. On `error` it throws {@link CannotJudge}, negated or not. That is not an assertion error: the promise is neither kept nor
 * broken.
 */
export const expect = base.extend({
  toHold(judgement: Judgement) {
    const { verdict, reason, measurements } = judgement;
    if (verdict === 'error') throw new CannotJudge(reason, { measurements });
    const expected = this.isNot
      ? 'expected the promise to be broken, but it held'
      : 'the promise does not hold';
    return {
      pass: verdict === 'pass',
      name: 'toHold',
      message: () => [`${expected}: ${reason}`, ...tableOf(measurements)].join('\n'),
    };
  },
});

/** One line for each measurement, in columns: name, value, allowed range, scope. */
export function tableOf(measurements: readonly Measurement[]): string[] {
  const rows = measurements.map(({ name, value, unit, atLeast, atMost, scope }) => [
    isOutside({ value, atLeast, atMost }) ? '✗' : ' ',
    name,
    [value, unit].join(' ').trimEnd(),
    allowed(atLeast, atMost),
    scope ?? '',
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  );
}

function isOutside(measured: {
  value: number;
  atLeast: number | undefined;
  atMost: number | undefined;
}): boolean {
  return measured.value < (measured.atLeast ?? -Infinity) || measured.value > (measured.atMost ?? Infinity);
}

function allowed(atLeast?: number, atMost?: number): string {
  if (atLeast !== undefined && atMost !== undefined) return `allowed ${atLeast} to ${atMost}`;
  if (atLeast !== undefined) return `at least ${atLeast}`;
  return atMost === undefined ? '' : `at most ${atMost}`;
}
