import assert from 'node:assert/strict';
import test from 'node:test';
import { bandName, gatherMarks, isLabelled, markText, placeLabels } from './marks.ts';

test('events that would cover one another share a mark', () => {
  const marks = gatherMarks([10, 15, 29, 31, 80], 20);
  assert.deepEqual(marks.map(markText), ['1–3', '4', '5']);
  assert.deepEqual(
    marks.map(({ at }) => at),
    [10, 31, 80],
  );
  assert.deepEqual(gatherMarks([], 20), []);
});

test('a label goes to the first row in which neither it nor its strip covers another', () => {
  const label = (from: number, to: number, width: number) => ({ from, to, width });
  const places = placeLabels(
    [label(0, 100, 50), label(50, 60, 40), label(110, 120, 30), label(55, 58, 5)],
    200,
    2,
    5,
  );
  assert.deepEqual(places, [{ x: 0, row: 0 }, { x: 50, row: 1 }, { x: 110, row: 0 }, null]);
});

test('a label that would pass the right edge moves left, at most to the left edge', () => {
  assert.deepEqual(placeLabels([{ from: 90, to: 95, width: 40 }], 100, 1, 5), [{ x: 60, row: 0 }]);
  assert.deepEqual(placeLabels([{ from: 90, to: 95, width: 400 }], 100, 1, 5), [{ x: 0, row: 0 }]);
});

test('the name of a band does not repeat its kind', () => {
  assert.equal(bandName('outage', 'outage 3.1 s'), 'outage 3.1 s');
  assert.equal(bandName('fault', 'link cut'), 'Fault: link cut');
});

test('if there are many bands, narrow ones have only a colour', () => {
  assert.deepEqual([isLabelled(1, 6), isLabelled(1, 7), isLabelled(6, 700)], [true, false, true]);
});
