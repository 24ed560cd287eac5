import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import * as chaos from './chaos.ts';
import * as meshes from './meshes.ts';
import * as traffic from './traffic.ts';
import * as verdict from './verdict.ts';

const cwd = path.join(import.meta.dirname, '../../../suites');
const suites = globSync('**/*.spec.ts', { cwd }).map((file) => readFileSync(path.join(cwd, file), 'utf8'));
const used = new Set(suites.flatMap((text) => [...text.matchAll(/\b\w+\.\w+/g)].map(([name]) => name)));

test('a suite uses every export of a group', () => {
  const names = Object.entries({ chaos, meshes, traffic, verdict }).flatMap(([group, exports]) =>
    Object.keys(exports).map((name) => `${group}.${name}`),
  );
  assert.ok(names.length > 100);
  assert.deepEqual(
    names.filter((name) => !used.has(name)),
    [],
  );
});
