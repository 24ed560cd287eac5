import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wholeWords } from './whole-words.ts';

test('a long text ends after a whole word', () => {
  assert.equal(wholeWords('Step 3/9: RUN apt-get install', 20), 'Step 3/9: RUN…');
  assert.equal(wholeWords('one two three', 8), 'one two…');
});

test('a short text is complete, on one line', () => {
  assert.equal(wholeWords(' one\n two ', 20), 'one two');
});

test('one long word is cut', () => {
  assert.equal(wholeWords('sha256:0123456789', 10), 'sha256:01…');
});
