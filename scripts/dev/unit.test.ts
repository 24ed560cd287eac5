import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../harness/base/temporary-folder.ts';

const folder = temporaryFolder();
const program = join(import.meta.dirname, 'unit.ts');
const head = "import test from 'node:test';";
const files = {
  'harness/good/a.test.ts': `${head} test('a', () => undefined);`,
  'harness/good/deep/b.test.ts': `${head} test('b', () => undefined);`,
  'harness/bad/c.test.ts': `${head} test('c', () => { throw new Error('no'); });`,
  'harness/cut/d.test.ts': `${head} test('d', () => process.exit(0)); test('e', () => undefined);`,
  'harness/broken/f.test.ts': "import './nothing.ts';",
};
for (const [name, text] of Object.entries(files)) {
  mkdirSync(join(folder, dirname(name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** Runs the unit tests of folders; the times of a whole process are far below 30 s. */
function unit(...args: string[]) {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const options = { cwd: folder, env, encoding: 'utf8', timeout: 30_000 } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], options);
  return { status, stdout, stderr };
}

test('the tests of all folders below a room are counted, and the report has each', () => {
  const { status, stdout } = unit('harness/good', '--junit', 'report.xml');
  assert.deepEqual([status, stdout], [0, '2 unit tests passed, 0 failed\n']);
  assert.equal(readFileSync(join(folder, 'report.xml'), 'utf8').match(/<testcase /g)?.length, 2);
});

test('a failed test ends with 1 and is reported with its file', () => {
  const { status, stderr } = unit('harness/good', 'harness/bad');
  assert.equal(status, 1);
  assert.match(stderr, /^✘ harness\/bad\n {2}c \(.*harness\/bad\/c\.test\.ts\)\n +no/);
});

test('a process that ends early, a file that cannot be loaded, and a folder without tests end with 1', () => {
  for (const name of ['harness/cut', 'harness/broken', 'harness/none']) {
    const { status, stderr } = unit(name, 'harness/good');
    assert.equal(status, 1, name);
    assert.ok(stderr.startsWith(`✘ ${name}\n`), stderr);
  }
});
