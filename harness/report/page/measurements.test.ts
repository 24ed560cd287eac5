import assert from 'node:assert/strict';
import test from 'node:test';
import { measurementPlots } from './measurements.ts';

const drawn = (...measurements: Parameters<typeof measurementPlots>[0]) => {
  const plots = measurementPlots(measurements);
  assert.ok(plots);
  return plots.text;
};
const value = { name: 'time to recover', unit: 'ms', value: 50 };

test('without measurements the page has no plot', () => {
  assert.equal(measurementPlots([]), false);
});

test('a value outside of its range is marked, and a value at its bound is inside', () => {
  assert.match(drawn({ ...value, atMost: 49 }), /✗ outside/);
  assert.match(drawn({ ...value, atLeast: 51 }), /✗ outside/);
  assert.doesNotMatch(drawn({ ...value, atLeast: 50, atMost: 50 }), /outside/);
});

test('the text of a range has its bounds', () => {
  assert.match(drawn({ ...value, atMost: 100 }), /allowed: at most 100\u00a0ms/);
  assert.match(drawn({ ...value, atLeast: 10 }), /allowed: at least 10\u00a0ms/);
  assert.match(drawn({ ...value, atLeast: 10, atMost: 100 }), /allowed: 10 to 100\u00a0ms/);
  assert.match(drawn({ ...value, atLeast: 0, atMost: 0 }), /allowed: exactly 0\u00a0ms/);
  assert.doesNotMatch(drawn(value), /allowed|class="band"/);
});

test('rows of one name share a scale, and percentages always end at 100', () => {
  const both = drawn(
    { ...value, value: 100, scope: 'west→east' },
    { ...value, value: 10, scope: 'east→west' },
  );
  assert.deepEqual(
    [...both.matchAll(/cx="([\d.]+)%"/g)].map(([, at]) => Number(at)),
    [90.91, 9.09],
  );
  assert.match(drawn({ ...value, unit: '%', value: 40 }), /cx="40%"/);
});
