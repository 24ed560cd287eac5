import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../../harness/lab/paths.ts';
import { grepPattern, literally, suiteFiles } from './suite-files.ts';

const stays = 'suites/locality/traffic-stays-in-its-region.spec.ts';

test('a path, a part of one and a folder name suites', () => {
  for (const name of [stays, 'traffic-stays', join(projectRoot, stays)])
    assert.deepEqual(suiteFiles([name]), [stays]);
  assert.equal(suiteFiles(['suites/locality']).length, 3);
  assert.equal(suiteFiles(['suites/locality', stays]).length, 3);
});

test('any other word is wrong use, so it does not reach Playwright', () => {
  for (const name of ['../../etc', '--config=/tmp/x', '-x', '.*', 'suites/nothing', '..', '', 'a(b'])
    assert.throws(() => suiteFiles([name]), /No suite matches/, name);
});

test('a pattern must be a regular expression, and a path matches itself', () => {
  assert.equal(grepPattern('LOC-'), 'LOC-');
  assert.throws(() => grepPattern('('), /Invalid regular expression/);
  assert.match(stays, new RegExp(`^${literally(stays)}$`));
  assert.doesNotMatch(stays.replace('.spec', 'xspec'), new RegExp(literally(stays)));
});
