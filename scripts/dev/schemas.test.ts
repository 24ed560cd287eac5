import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../harness/base/temporary-folder.ts';

const run = (...args: string[]) =>
  spawnSync(process.execPath, [path.join(import.meta.dirname, 'schemas.ts'), ...args], { encoding: 'utf8' });

test('the committed schemas are up to date, and a stale one is found', () => {
  const committed = run('--check');
  assert.equal(committed.status, 0, committed.stderr);

  const root = temporaryFolder();
  mkdirSync(path.join(root, 'clusters/topologies'), { recursive: true });
  mkdirSync(path.join(root, 'results'));
  assert.match(run('--check', '--root', root).stderr, /topology\.schema\.json is stale or absent: run/);
  assert.equal(run('--root', root).status, 0);
  assert.equal(run('--check', '--root', root).status, 0);
  writeFileSync(path.join(root, 'results/report.schema.json'), '{}');
  const stale = run('--check', '--root', root);
  assert.deepEqual([stale.status, stale.stderr.split(' ')[0]], [1, 'results/report.schema.json']);
});
