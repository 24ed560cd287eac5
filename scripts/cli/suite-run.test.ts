import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { sampleReport } from '../../harness/report/sample.ts';
import { readReport } from './suite-run.ts';

let runDir = '';
before(async () => {
  runDir = await mkdtemp(join(tmpdir(), 'meshproof-run-'));
});
after(() => rm(runDir, { recursive: true }));

const write = (verdict: string) =>
  writeFile(join(runDir, 'report.json'), JSON.stringify({ ...sampleReport, verdict }));

test('a report that says pass counts only when Playwright ended well', async () => {
  await write('pass');
  assert.equal((await readReport(runDir, 0)).verdict, 'pass');
  for (const code of [1, 130, null])
    await assert.rejects(readReport(runDir, code), /Playwright ended with .* may not be whole/);
});

test('any other verdict is the report’s own, however Playwright ended', async () => {
  for (const verdict of ['fail', 'error'] as const) {
    await write(verdict);
    assert.equal((await readReport(runDir, 1)).verdict, verdict);
  }
});

test('a run without a report says how Playwright ended', async () => {
  await rm(join(runDir, 'report.json'));
  await assert.rejects(readReport(runDir, 7), /left no report \(Playwright ended with 7\)/);
});
