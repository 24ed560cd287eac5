import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotJudge } from '../verdict/cannot-judge.ts';
import { cannotJudge, fail, measured, pass } from '../verdict/judgement.ts';
import { expect, tableOf } from './expect.ts';

const share = measured('share answered by west', 80, '%', { atLeast: 26, atMost: 74, scope: 'west→*' });
const failed = measured('failed requests', 0, 'requests', { atMost: 0 });

test('a judgement that holds passes', () => {
  expect(pass('kept')).toHold();
});

test('a judgement that does not hold throws an assertion error with the reason and the measurements', () => {
  assert.throws(
    () => expect(fail('west answered too much', [share, failed])).toHold(),
    (error: Error & { matcherResult?: unknown }) => {
      assert.ok(error.matcherResult, 'Playwright marks an assertion error with matcherResult');
      assert.equal(
        error.message,
        [
          'the promise does not hold: west answered too much',
          '  ✗  share answered by west  80 %        allowed 26 to 74  west→*',
          '     failed requests         0 requests  at most 0',
        ].join('\n'),
      );
      return true;
    },
  );
});

test('a judgement that is an error throws an error that is not an assertion error, negated or not', () => {
  for (const assertion of [
    expect(cannotJudge('no request', [failed])),
    expect(cannotJudge('no request', [failed])).not,
  ]) {
    assert.throws(
      () => assertion.toHold(),
      (error: Error) => {
        assert.ok(error instanceof CannotJudge && !('matcherResult' in error));
        assert.deepEqual([error.message, error.measurements], ['no request', [failed]]);
        return true;
      },
    );
  }
});

test('a suite can expect that a judgement does not hold', () => {
  expect(fail('broken on purpose')).not.toHold();
  assert.throws(
    () => expect(pass('kept')).not.toHold(),
    /expected the promise to be broken, but it held: kept/,
  );
});

test('a measurement at its limit is allowed', () => {
  assert.deepEqual(
    tableOf([measured('outage', 500, 'ms', { atMost: 500 }), measured('pods', 3, '', { atLeast: 4 })]),
    ['     outage  500 ms  at most 500', '  ✗  pods    3       at least 4'],
  );
});
