import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import rooms from './rooms.json' with { type: 'json' };

const root = path.join(import.meta.dirname, '..');
const files = globSync('{harness,scripts,suites}/**/*.{ts,mjs}', { cwd: root }).filter(
  (file) => !file.endsWith('.test.ts'),
);
const specifier = /(?:\bfrom\s+|\bimport\s*\(?\s*)'(\.{1,2}\/[^']+)'/g;
const imports = new Map(
  files.map((file) => {
    const found = [...readFileSync(path.join(root, file), 'utf8').matchAll(specifier)];
    return [file, found.map(([, to = '']) => path.join(path.dirname(file), to))] as const;
  }),
);

// From the ground up: a file imports, types included, from its own floor and from those below.
const floors = [...Object.keys(rooms), 'index.ts', 'suites', 'cli', 'dev', 'e2e'];
const floorOf = (file: string) => floors.indexOf(file.split('/')[file.startsWith('suites/') ? 0 : 1] ?? '');

test('no import runs up to a higher floor', () => {
  assert.deepEqual(
    files.filter((file) => floorOf(file) < 0),
    [],
    'every file is in a room',
  );
  const up = [...imports].flatMap(([file, list]) =>
    list.filter((to) => imports.has(to) && floorOf(to) > floorOf(file)).map((to) => `${file} -> ${to}`),
  );
  assert.deepEqual(up, []);
});

test('no files import each other in a circle', () => {
  const left = new Map(imports);
  for (let before = -1; before !== left.size;) {
    before = left.size;
    for (const [file, list] of left) if (!list.some((to) => left.has(to))) left.delete(file);
  }
  assert.deepEqual([...left.keys()], []); // what stays is in a circle, or imports one
});
