import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDown, requireUp } from './istiod-down.ts';

test('istiod is down when its pods are not ready and its Services do not accept connections', () => {
  assert.equal(isDown({ open: { a: false, b: false }, ready: [] }), true);
  assert.equal(isDown({ open: { a: false, b: true }, ready: [] }), false);
  assert.equal(isDown({ open: { a: false }, ready: ['istiod-1'] }), false);
});

test('without a Service the state of istiod is not known', () => {
  assert.equal(isDown({ open: {}, ready: [] }), false);
  assert.throws(() => requireUp({ open: {}, ready: ['istiod-1'] }, 'west'), /tried no Service/);
});

test('a port that is closed before the fault proves nothing', () => {
  assert.throws(() => requireUp({ open: { a: false }, ready: [] }, 'west'), /tried a; pods .* ready: none/);
  requireUp({ open: { a: false, b: true }, ready: ['istiod-1'] }, 'west');
});
