import assert from 'node:assert/strict';
import test from 'node:test';
import type { Outcome } from '../../traffic/timeline.ts';
import { rowsOf } from './series.ts';

const one = (cluster: string | null, outcome: Outcome, ...counts: number[]) => ({ cluster, outcome, counts });

test('answers are at the bottom by cluster of the mesh, failures above in the order of outcomes', () => {
  const series = [
    one(null, 'upstreamReset', 1),
    one('east', 'appError', 2),
    one('east', 'ok', 3),
    one('west', 'appError', 4),
    one(null, 'ok', 5),
    one('west', 'ok', 6),
    one(null, 'denied', 0),
  ];
  const rows = rowsOf({ series }, ['west', 'east']);
  assert.deepEqual(
    rows.map(({ name, paint, faded, total }) => [name, paint, faded, total]),
    [
      ['ok from west', 'ok-0', false, 6],
      ['ok from east', 'ok-1', false, 3],
      ['ok, origin unknown', 'ok-none', false, 5],
      ['upstreamReset', 'upstreamReset', false, 1],
      ['appError from west', 'appError', false, 4],
      ['appError from east', 'appError', true, 2],
    ],
  );
});

test('each cluster of the mesh has a fixed hue, and an unknown cluster gets the next', () => {
  const paint = (cluster: string) => rowsOf({ series: [one(cluster, 'ok', 1)] }, ['west', 'east'])[0]?.paint;
  assert.deepEqual(['west', 'east', 'north'].map(paint), ['ok-0', 'ok-1', 'ok-2']);
});
