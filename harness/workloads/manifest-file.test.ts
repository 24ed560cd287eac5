import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fillIn } from './manifest-file.ts';

test('values are filled in, as often as they are asked for', () => {
  assert.equal(fillIn('${a}-${b}-${a}: $x', { a: '1', b: '2' }, 'file'), '1-2-1: $x');
});

test('a value that is missing is an error that names it', () => {
  assert.throws(() => fillIn('name: ${who}', {}, 'x.yaml'), /x\.yaml asks for a value \$\{who\}/);
});
