import assert from 'node:assert/strict';
import test from 'node:test';
import { randomPairs } from './random-pairs.ts';

const all = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));
const drawn = (seed: number) => randomPairs(all, seed).map((pair) => pair.map(({ id }) => id).join(''));

test('each pair is drawn once, in an order that the seed fixes', () => {
  assert.equal(new Set(drawn(1)).size, 10);
  assert.equal(drawn(1).length, 10);
  assert.deepEqual(drawn(1), drawn(1));
  assert.notDeepEqual(drawn(1), drawn(2));
  assert.ok(drawn(1).every(([a, b]) => a !== b));
});
