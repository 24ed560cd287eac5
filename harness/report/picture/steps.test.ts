import assert from 'node:assert/strict';
import test from 'node:test';
import {
  decadesAround,
  latencyText,
  ratesPerStep,
  secondsText,
  stepWidthMs,
  valuesPerStep,
} from './steps.ts';

test('steps are as narrow as the window allows, and have a whole number of requests of an even load', () => {
  assert.equal(stepWidthMs(50, 5_000, 200, 200), 50);
  assert.equal(stepWidthMs(50, 60_000, 200, 200), 500);
  assert.equal(stepWidthMs(50, 600_000, 200, 1000), 5_000);
  assert.equal(stepWidthMs(50, 2_000, 200, 50), 200, 'ten requests at least');
  // 50 a second are 12.5 in 250 ms: the counts would be 12 and 13 by turns.
  assert.equal(stepWidthMs(50, 45_000, 200, 50), 500);
});

test('a load without a rate, and one without a whole number of requests, also have steps', () => {
  assert.equal(stepWidthMs(50, 60_000, 200, 0), 500);
  assert.equal(stepWidthMs(50, 10_000, 200, 0.3), 1_000);
  assert.equal(stepWidthMs(50, 60_000, 0, 200), 100_000);
});

test('rates are per second for each step width, also for a shorter last step', () => {
  assert.deepEqual(ratesPerStep([10, 10, 10, 0, 5], 5, 50, 100), [200, 100, 100]);
  assert.deepEqual(ratesPerStep([10], 3, 50, 50), [200, 0, 0], 'slots without a count are empty');
  assert.deepEqual(ratesPerStep([], 0, 50, 50), []);
});

test('a step has the highest or the middle value, and null without requests', () => {
  const values = [1, 9, null, null, 3, null, 7, 5];
  assert.deepEqual(valuesPerStep(values, 8, 50, 100, 'highest'), [9, null, 3, 7]);
  assert.deepEqual(valuesPerStep(values, 8, 50, 200, 'middle'), [1, 5]);
  assert.deepEqual(valuesPerStep([1], 4, 50, 100, 'highest'), [1, null]);
});

test('the logarithmic axis has whole decades, at least one', () => {
  assert.deepEqual(decadesAround([3, 40, null]), [1, 100]);
  assert.deepEqual(decadesAround([10, 10]), [10, 100]);
  assert.deepEqual(decadesAround([0, 0.004]), [0.1, 1]);
  assert.deepEqual(decadesAround([null]), [1, 10]);
  assert.deepEqual(decadesAround([0]), [1, 10]);
});

test('labels of the axes have units', () => {
  assert.deepEqual(
    [secondsText(12_000, 5000), secondsText(12_350, 50), secondsText(200, 100)],
    ['12 s', '12.35 s', '0.2 s'],
  );
  assert.deepEqual([0.1, 20, 1000, 2500].map(latencyText), ['0.1 ms', '20 ms', '1 s', '2.5 s']);
});
