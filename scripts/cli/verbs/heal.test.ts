import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WrongUse } from '../outcome.ts';
import { refuse } from './heal.ts';

test('marks are trusted only when a person is asked, or has said yes before', () => {
  for (const [given, isTerminal] of [
    [{ trustMarks: true }, false],
    [{ yes: true }, true],
  ] as const)
    assert.throws(() => refuse(given, isTerminal), WrongUse);
  for (const [given, isTerminal] of [
    [{}, false],
    [{ trustMarks: true }, true],
    [{ trustMarks: true, yes: true }, false],
  ] as const)
    assert.doesNotThrow(() => refuse(given, isTerminal));
});
