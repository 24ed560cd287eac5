import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultUnavailable } from '../chaos/fault.ts';
import { TransportFailure } from '../traffic/transport-failure.ts';
import { PromiseBroken } from '../verdict/cannot-judge.ts';
import { fail, pass } from '../verdict/judgement.ts';
import { judgeCalls, judgeEach } from './judge-each.ts';

const items = ['kept', 'broken', 'thrown'];
const judging = (thrown: Error) =>
  judgeEach(
    items,
    (item) => item,
    async (item) => {
      if (item === 'thrown') throw thrown;
      return item === 'kept' ? pass('kept') : fail('broken');
    },
  );

test('a direction that cannot be judged takes no other with it', async () => {
  const judgements = await judging(new Error('the way is gone', { cause: new Error('ECONNRESET') }));
  assert.deepEqual(
    Object.entries(judgements).map(([scope, { verdict }]) => [scope, verdict]),
    [
      ['kept', 'pass'],
      ['broken', 'fail'],
      ['thrown', 'error'],
    ],
  );
  assert.equal(judgements['thrown']?.reason, 'the way is gone\nCause: ECONNRESET');
});

test('what breaks or skips the promise as a whole is thrown on', async () => {
  await assert.rejects(judging(new PromiseBroken('not so')), PromiseBroken);
  await assert.rejects(judging(new FaultUnavailable('no lab')), FaultUnavailable);
});

test('of several calls, too, one whose sender fails is an error of its own', async () => {
  const call = async () => ({ startMs: 0, endMs: 1, outcome: 'denied' as const });
  const broken = async () => Promise.reject(new TransportFailure('west', new Error('it broke')));
  const judgements = await judgeCalls([
    { scope: 'a', call, expected: 'ok', count: 2 },
    { scope: 'b', call: broken, expected: 'ok', count: 2 },
  ]);
  assert.equal(judgements['a']?.verdict, 'fail');
  assert.equal(judgements['b']?.verdict, 'error');
  assert.match(judgements['b']?.reason ?? '', /The connection to west is broken.*it broke/);
});
