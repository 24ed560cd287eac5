import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeenWeights } from '../mesh/seen-weights.ts';
import { allWeigh, judgeAdded, weightsInWords } from './remote-weights.ts';

const seen = (...all: [weight: number, ...localities: string[]][]): SeenWeights =>
  Object.fromEntries(all.map(([weight, ...localities], i) => [`west/webapp-${i}`, { weight, localities }]));

test('all proxies weigh a way when each does, and nobody is not everybody', () => {
  assert.ok(allWeigh(seen([2, 'east'], [2, 'east']), 2));
  assert.ok(!allWeigh(seen([2, 'east'], [1, '']), 2));
  assert.throws(() => allWeigh({}, 2), /no client proxy/);
});

test('a reason tells the weight and the localities of each proxy', () => {
  assert.equal(
    weightsInWords(seen([2, 'region-east/a'], [1, ''], [0])),
    'west/webapp-0 weighs it 2 in region-east/a, west/webapp-1 weighs it 1 in no locality, west/webapp-2 weighs it 0 in no endpoint',
  );
});

test('a pod has arrived with its weight, or with an endpoint that lost its locality, which is said', () => {
  const before = seen([2, 'east'], [2, 'east']);
  const judge = (now: SeenWeights, then = before) => judgeAdded({ before: then, seen: now, pods: 3 });
  const whole = judge(seen([3, 'east'], [3, 'east']));
  assert.equal(whole.verdict, 'pass');
  assert.doesNotMatch(whole.reason, /defect/);

  const nameless = judge(seen([1, ''], [3, 'east']));
  assert.equal(nameless.verdict, 'pass');
  assert.match(nameless.reason, /no locality.*a known defect: docs\/known-issues\.md#no-locality/);
  assert.deepEqual(
    nameless.measurements.map(({ value }) => value),
    [1, 1],
  );
});

test('any other weight has not arrived, nor has one without a locality in a mesh that names none', () => {
  const judge = (now: SeenWeights, then: SeenWeights) => judgeAdded({ before: then, seen: now, pods: 3 });
  for (const now of [seen([2, 'east']), seen([4, 'east']), seen([0]), seen([1, ''], [2, 'east'])])
    assert.equal(judge(now, seen([2, 'east'])).verdict, 'fail', weightsInWords(now));
  assert.equal(judge(seen([2, '']), seen([2, ''])).verdict, 'fail');
  assert.throws(() => judge({}, seen([2, 'east'])), /no client proxy/);
});
