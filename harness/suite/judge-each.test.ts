import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MachineBusy } from '../base/machine-busy.ts';
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

test('an item that throws becomes an error, and the others keep their judgements', async () => {
  const judgements = await judging(new Error('the connection is lost', { cause: new Error('ECONNRESET') }));
  assert.deepEqual(
    Object.entries(judgements).map(([scope, { verdict }]) => [scope, verdict]),
    [
      ['kept', 'pass'],
      ['broken', 'fail'],
      ['thrown', 'error'],
    ],
  );
  assert.equal(judgements['thrown']?.reason, 'the connection is lost\nCause: ECONNRESET');
});

test('an error that fails or skips the whole promise is rethrown', async () => {
  await assert.rejects(judging(new PromiseBroken('not so')), PromiseBroken);
  await assert.rejects(judging(new FaultUnavailable('no lab')), FaultUnavailable);
});

test('a call whose sender fails becomes an error, and the others keep their judgements', async () => {
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

test('an item with several judgements has their scopes, and its own scope if it throws', async () => {
  const judgements = await judgeEach(
    ['west', 'east'],
    (cluster) => cluster,
    async (cluster) => {
      if (cluster === 'east') throw new Error('no answer');
      return { 'west→east': pass('kept'), 'west→north': fail('broken') };
    },
  );
  assert.deepEqual(
    Object.entries(judgements).map(([scope, { verdict }]) => [scope, verdict]),
    [
      ['west→east', 'pass'],
      ['west→north', 'fail'],
      ['east', 'error'],
    ],
  );
});

test('a busy machine is the reason of an error only if it threw', async () => {
  const busy = await judging(new Error('the load failed', { cause: new MachineBusy('it stood still') }));
  assert.equal(busy['thrown']?.machineBusy, true);
  assert.ok(!('machineBusy' in ((await judging(new Error('no answer')))['thrown'] ?? {})));
});
