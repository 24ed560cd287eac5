import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SeenWeights } from '../mesh/seen-weights.ts';
import { allHaveWeight, describeWeights, judgeAdded } from './remote-weights.ts';

const seen = (...all: [weight: number, ...localities: string[]][]): SeenWeights =>
  Object.fromEntries(all.map(([weight, ...localities], i) => [`west/webapp-${i}`, { weight, localities }]));

test('all proxies have a weight if each has it, and an empty list is an error', () => {
  assert.ok(allHaveWeight(seen([2, 'east'], [2, 'east']), 2));
  assert.ok(!allHaveWeight(seen([2, 'east'], [1, '']), 2));
  assert.throws(() => allHaveWeight({}, 2), /no client proxy/);
});

test('a reason names the weight and the localities of each proxy', () => {
  assert.equal(
    describeWeights(seen([2, 'region-east/a'], [1, ''], [0])),
    'west/webapp-0 has weight 2 in region-east/a, west/webapp-1 has weight 1 in an unnamed locality, west/webapp-2 has weight 0 in no endpoint',
  );
});

test('a pod has arrived with its weight, or with an endpoint without a locality, which the reason names', () => {
  const before = seen([2, 'east'], [2, 'east']);
  const judge = (now: SeenWeights, then = before) => judgeAdded({ before: then, seen: now, pods: 3 });
  const whole = judge(seen([3, 'east'], [3, 'east']));
  assert.equal(whole.verdict, 'pass');
  assert.doesNotMatch(whole.reason, /defect/);

  const nameless = judge(seen([1, ''], [3, 'east']));
  assert.equal(nameless.verdict, 'pass');
  assert.match(nameless.reason, /unnamed locality.*a known defect: docs\/known-issues\.md#no-locality/);
  assert.deepEqual(
    nameless.measurements.map(({ value }) => value),
    [1, 1],
  );
});

test('any other weight fails, and so does an endpoint without a locality in a mesh without localities', () => {
  const judge = (now: SeenWeights, then: SeenWeights) => judgeAdded({ before: then, seen: now, pods: 3 });
  for (const now of [seen([2, 'east']), seen([4, 'east']), seen([0]), seen([1, ''], [2, 'east'])])
    assert.equal(judge(now, seen([2, 'east'])).verdict, 'fail', describeWeights(now));
  assert.equal(judge(seen([2, '']), seen([2, ''])).verdict, 'fail');
  assert.throws(() => judge({}, seen([2, 'east'])), /no client proxy/);
});
