import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { countPart, failuresIn, runPart } from './test-part.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshproof-part-'));
after(() => rmSync(folder, { recursive: true }));
const part = (argv: string[], boundMs = 20_000) => ({ title: 'a part', argv, boundMs });
const never = new AbortController().signal;
const quietly = { cwd: folder, signal: never, kill: never };

test('a part returns its exit code, or null if it cannot start', async () => {
  assert.equal(await runPart(part(['sh', '-c', 'exit 7']), quietly), 7);
  assert.equal(await runPart(part(['/nonexistent']), quietly), null);
});

test('a part that exceeds its time is interrupted with its child processes', async () => {
  const began = Date.now();
  assert.equal(await runPart(part(['sh', '-c', 'sleep 60; exit 0'], 100), quietly), null);
  assert.ok(Date.now() - began < 10_000);
});

test('an interrupted part can undo its changes, and the second signal kills it', async () => {
  const stubborn = ['sh', '-c', 'trap "echo undoing >told" INT; while :; do sleep 0.1; done'];
  const [first, second] = [new AbortController(), new AbortController()];
  const ended = runPart(part(stubborn), { cwd: folder, signal: first.signal, kill: second.signal });
  await new Promise((resolve) => setTimeout(resolve, 300));
  first.abort();
  assert.equal(
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 300, 'at work'))]),
    'at work',
  );
  second.abort();
  assert.equal(await ended, null);
});

test('a part without its expected report has failed', () => {
  const junit = join(folder, 'none.xml');
  for (const status of [0, 1, null])
    assert.deepEqual(countPart({ ...part([]), junit }, status), { passed: 0, failed: 1 });
});

test('a part counts its tests and its own failure', () => {
  const junit = join(folder, 'some.xml');
  writeFileSync(junit, '<testsuites><testcase name="a"/></testsuites>');
  assert.deepEqual(countPart({ ...part([]), junit }, 0), { passed: 1, failed: 0 });
  assert.deepEqual(countPart({ ...part([]), junit }, null), { passed: 1, failed: 1 });
  assert.deepEqual(countPart(part([]), 0), { passed: 1, failed: 0 });
  assert.deepEqual(countPart(part([]), null), { passed: 0, failed: 1 });
});

test('each failure is named with its part', () => {
  const junit = join(folder, 'failed.xml');
  writeFileSync(
    junit,
    '<testsuites><testcase name="a"><failure message="no"/></testcase><testcase name="b"/></testsuites>',
  );
  assert.deepEqual(failuresIn({ ...part([]), junit }, 1), ['a part: a\n    no']);
  assert.deepEqual(failuresIn(part([]), null), ['a part: ended with null']);
  assert.deepEqual(failuresIn(part([]), 0), []);
  assert.deepEqual(failuresIn({ ...part([]), junit: join(folder, 'none.xml') }, 0), ['a part: ended with 0']);
});
