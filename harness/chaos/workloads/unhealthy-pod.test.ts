import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeOf } from './unhealthy-pod.ts';

test('a pod that hangs is late by an hour', () => {
  assert.deepEqual(runtimeOf({ hangPercent: 100 }), { delayPercent: 100, delayMs: 3_600_000 });
  assert.deepEqual(runtimeOf({ abortPercent: 50, abortStatus: 500 }), { abortPercent: 50, abortStatus: 500 });
});

test('contradictions are refused before anything is sent', () => {
  assert.throws(() => runtimeOf({ abortPercent: 101 }), /abortPercent must be between 0 and 100, got 101/);
  assert.throws(() => runtimeOf({ abortPercent: Number.NaN }), /abortPercent/);
  assert.throws(() => runtimeOf({ hangPercent: 1, delayPercent: 1, delayMs: 1 }), /both hang and be late/);
  assert.throws(() => runtimeOf({ delayPercent: 1 }), /delayPercent needs delayMs/);
});
