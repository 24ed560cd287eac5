import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import rooms from './rooms.json' with { type: 'json' };

test('docs/architecture.md shows the table of rooms that the lint uses', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../docs/architecture.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `harness\/(\w+)\/` +\|[^|]*\| (.*?) +\|$/gm)];
  assert.deepEqual(
    rows.map(([, room, allowed = '']) => [room, allowed === 'nothing' ? [] : allowed.split(', ')]),
    Object.entries(rooms),
  );
});
