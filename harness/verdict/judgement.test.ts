import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asBaseline, cannotJudge, every, fail, measured, pass } from './judgement.ts';

test('one fail makes the whole fail, even if another judgement is an error', () => {
  const [kept, broken, unknown] = [
    pass('kept', [measured('a', 1, 'ms')]),
    fail('broken'),
    cannotJudge('unknown'),
  ];
  assert.deepEqual(every([kept, unknown, broken]).verdict, 'fail');
  assert.equal(every([kept, unknown, broken]).reason, 'broken');
  assert.equal(every([kept, unknown]).verdict, 'error');
  assert.equal(every([kept, kept]).reason, 'kept. kept');
  assert.equal(every([kept, broken]).measurements.length, 1);
  assert.equal(every([]).verdict, 'error');
});

test('a failed baseline becomes an error', () => {
  const a = [measured('a', 1, 'ms')];
  const [kept, broken, unknown] = [pass('kept'), fail('broken', a), cannotJudge('unknown')];
  assert.deepEqual(asBaseline({ kept, broken, unknown }), {
    kept,
    unknown,
    broken: cannotJudge('no baseline: broken', a),
  });
});
