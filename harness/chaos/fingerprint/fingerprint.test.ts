import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences } from './fingerprint.ts';

test('the same traits in another order do not differ', () => {
  assert.deepEqual(differences({ a: '1', b: '2' }, { b: '2', a: '1' }), []);
});

test('changed, new and missing traits are reported', () => {
  assert.deepEqual(differences({ a: '1', b: '2' }, { b: '3', c: '4' }), [
    'a: is gone, was 1',
    'b: is 3, was 2',
    'c: is 4, was not there',
  ]);
});
