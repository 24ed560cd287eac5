import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken } from '../doctor/broken-sample.ts';
import { troubleIn } from './healthy.ts';

test('a mesh is healthy if every part was read without a finding', () => {
  assert.equal(troubleIn(broken(() => undefined)), undefined);
  const limited = broken(({ west }) => {
    west.missing.push({ what: 'istiods', reason: 'limit', why: 'cut' });
    west.missing.push({ what: 'readerAccess', reason: 'noWay', why: 'exec' });
  });
  assert.equal(troubleIn(limited), undefined);
});

test('a mesh with unread parts or findings is not healthy', () => {
  const gap = broken(({ west }) => {
    west.missing.push({ what: 'proxies', of: 'a/b', reason: 'timeout', why: 'no answer' });
  });
  assert.equal(troubleIn(gap), 'The doctor still cannot read west: proxies (a/b) not read: no answer');
  assert.match(troubleIn(broken(({ west }) => void (west.remoteSecrets = []))) ?? '', /still reports MP2101/);
});
