import assert from 'node:assert/strict';
import { test } from 'node:test';
import { span } from './format-values.ts';

test('a duration is in its largest unit of which it has at least two', () => {
  const cases: [ms: number, text: string][] = [
    [90_000, '90 s'],
    [120_000, '2 minutes'],
    [3_558_000, '59 minutes'],
    [7_200_000, '2 hours'],
    [-172_800_000, '2 days'],
  ];
  for (const [ms, text] of cases) assert.equal(span(ms), text);
});
