import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';

const root = path.join(import.meta.dirname, '../..');
const check = (folder: string) =>
  spawnSync(
    process.execPath,
    [path.join(import.meta.dirname, 'page-script.ts'), '--check', '--root', folder],
    {
      encoding: 'utf8',
    },
  );

test('the committed script of the page is up to date, and a stale one is found', () => {
  const current = check(root);
  assert.equal(current.status, 0, current.stderr);
  const copy = mkdtempSync(path.join(tmpdir(), 'meshproof-page-script-'));
  try {
    cpSync(path.join(root, 'harness/report'), path.join(copy, 'harness/report'), { recursive: true });
    writeFileSync(path.join(copy, 'harness/report/page/page-script.js'), '');
    const stale = check(copy);
    assert.equal(stale.status, 1);
    assert.match(stale.stderr, /page-script\.js is stale or absent: run `npm run page-script`/);
  } finally {
    rmSync(copy, { recursive: true });
  }
});
