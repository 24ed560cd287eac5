import assert from 'node:assert/strict';
import test from 'node:test';
import { missingFrom } from './capabilities.ts';

test('a full bounding set lacks nothing', () => {
  assert.deepEqual(missingFrom('000001ffffffffff'), []);
});

test('bit 24 is CAP_SYS_RESOURCE, bit 0 CAP_CHOWN, bit 40 CAP_CHECKPOINT_RESTORE', () => {
  assert.deepEqual(missingFrom('000001fffeffffff'), ['CAP_SYS_RESOURCE']);
  assert.deepEqual(missingFrom('000000fffffffffe'), ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE']);
});
