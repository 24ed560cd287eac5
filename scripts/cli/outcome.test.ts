import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiException } from '#kubernetes-client';
import { NotOurs } from '../../harness/workloads/own-namespace.ts';
import { exitCodeOf, wordsOf } from './outcome.ts';

const denied = new ApiException(403, 'Unknown API Status Code!', '{"message":"may not"}', {
  'audit-id': '1',
});

test('an answer of Kubernetes is quoted by its message, without headers', () => {
  assert.equal(wordsOf(denied, false), 'status 403: may not');
});

test('with stacks, an answer of Kubernetes still has neither body nor headers', () => {
  const words = wordsOf(new Error('it failed', { cause: denied }), true);
  assert.match(words, /caused by: status 403: may not\n {4}at /);
  assert.doesNotMatch(words, /audit-id|Headers|Body/);
});

test('a cause that says nothing new is not said again; one that does is', () => {
  const refused = new Error('Cluster east refused it: status 403: may not.', { cause: denied });
  assert.equal(wordsOf(refused, false), refused.message);
  const first = new Error('it failed', { cause: new Error('no disk') });
  assert.equal(wordsOf(first, false), 'it failed\ncaused by: no disk');
});

test('what asks for a namespace of someone else is wrong use', () => {
  assert.equal(exitCodeOf(new NotOurs('not ours')), 3);
  assert.equal(exitCodeOf(new Error('no answer')), 2);
});
