import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleReport, samplePromise } from './sample.ts';
import { joinTries, worthAnotherTry } from './second-try.ts';

const first = [
  samplePromise({ id: 'LOC-01' }),
  samplePromise({ id: 'LOC-02', verdict: 'error', reason: 'a proxy waited', machineBusy: true }),
  samplePromise({ id: 'LOC-03', verdict: 'error', reason: 'no baseline' }),
  samplePromise({ id: 'LOC-04', verdict: 'fail', reason: 'lost' }),
];

test('only a promise that the machine was too busy for is tried again', () => {
  assert.deepEqual(worthAnotherTry({ ...sampleReport, promises: first }), ['LOC-02']);
});

test('the result of the second try stands, with the reason of the first', () => {
  const [, busy] = first;
  const again = samplePromise({ id: 'LOC-02', reason: 'kept' });
  const joined = joinTries(first, [again]);
  assert.deepEqual(
    joined.map(({ verdict }) => verdict),
    ['pass', 'pass', 'error', 'fail'],
  );
  const { startedAt, durationMs } = busy!;
  assert.deepEqual(joined[1]?.firstTry, { reason: 'a proxy waited', startedAt, durationMs });
});

test('a promise that was not reached again keeps its first result', () => {
  assert.deepEqual(joinTries(first, []), first);
});
