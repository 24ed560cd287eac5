import assert from 'node:assert/strict';
import test from 'node:test';
import { broken, type BrokenSample } from '../../harness/doctor/broken-sample.ts';
import { judge } from '../../harness/doctor/judge.ts';
import { changeLines, changesSince } from './watch-changes.ts';

const judged = (breakIt: (sample: BrokenSample) => void) => judge(broken(breakIt));
const healthy = judged(() => undefined);
const secretLost = ({ west }: BrokenSample) => void (west.remoteSecrets = []);
const plain = (_: unknown, text: string) => text;

test('a cause is new, then still there, then gone', () => {
  const faulty = judged(secretLost);
  const appeared = changesSince(healthy, faulty);
  assert.deepEqual([appeared.appeared.causes.length, appeared.gone.length, appeared.stayed], [1, 0, 0]);
  assert.match(
    changeLines(appeared, plain).join('\n'),
    /1 new, 0 gone, 0 still there\nerror +MP2101 west → east/,
  );
  assert.equal(changesSince(faulty, faulty).stayed, 1);
  assert.match(
    changeLines(changesSince(faulty, healthy), plain).join('\n'),
    /1 gone.*\ngone    MP2101 west: /,
  );
});

test('a cause whose part could not be read any more is not gone', () => {
  const before = judged(secretLost);
  const after = judged((sample) => {
    secretLost(sample);
    sample.west.missing.push({ what: 'remoteSecrets', reason: 'forbidden', why: 'status 403' });
  });
  assert.equal(changesSince(before, after).gone.length, 0);
});
