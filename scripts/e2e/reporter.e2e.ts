import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import { declaredPromises } from '../../harness/report/declared.ts';
import { reportSchema, type Report, type ReportPromise } from '../../harness/report/schema.ts';

const root = path.resolve(import.meta.dirname, '../..');
const cli = path.join(root, 'node_modules/@playwright/test/cli.js');
const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

const door = `
import { test as base, expect } from '${root}/node_modules/@playwright/test/index.mjs';
import { promiseFor, recordJudgement } from '${root}/harness/suite/promise.ts';
import { CannotJudge } from '${root}/harness/verdict/cannot-judge.ts';
import { recordCause } from '${root}/harness/suite/cause.ts';
import { recordExperiment } from '${root}/harness/suite/experiment.ts';
export { recordCause, recordExperiment };
export { PromiseBroken } from '${root}/harness/verdict/cannot-judge.ts';
export { whileWaiting } from '${root}/harness/base/waiting.ts';
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const test = base.extend({
  mesh: async ({}, use) => use({ name: 'west-east' }),
  unhealed: async ({}, use) => { await use('x'); throw new Error('cannot heal the link'); },
  absent: async ({}, use) => { expect('refused').toBe('ready'); await use(); },
});
export const expectMesh = expect.extend({ toAnswer() { throw new CannotJudge('ECONNREFUSED 10.0.0.1:80'); } });
export const judged = (testInfo, verdict = 'pass', value = 1) => recordJudgement(testInfo,
  { verdict, reason: 'saw ' + value, measurements: [{ name: 'seen', value, unit: '', atMost: 1 }] }, 'west→east');
const promise = promiseFor(test);
export const core = (id, more = {}) =>
  ({ id, level: 'core', references: ['https://istio.io/'], disturbs: 'nothing', ...more });
export { promise, expect };
export const experiment = (scope) => ({
  scope, load: { ratePerSecond: 20, connections: 'fresh', from: 'mesh', generator: 'probe' }, startedAt: new Date(0).toISOString(),
  buckets: { widthMs: 50, series: [{ cluster: 'west', outcome: 'ok', counts: [1, 1] }], latency: { p50Ms: [1, 2], p99Ms: [1, 2], maxMs: [1, 2] } },
  events: [{ atMs: 50, label: 'healed' }], bands: [], numbers: [{ name: 'errors', value: 3, unit: 'requests', atMost: 2 }],
});
`;

const imports = `import { test, expect, expectMesh, promise, core, judged, sleep, whileWaiting, PromiseBroken, recordCause, recordExperiment, experiment } from '../../door.ts';`;

const outcomes = `${imports}
promise({ id: 'PAS-01', level: 'core', references: ['https://istio.io/'], disturbs: 'gateway' }, 'Kept & <told>.', async ({ mesh }, testInfo) => {
  expect(mesh.name).toBe('west-east');
  await Promise.all([whileWaiting(() => sleep(1_200)), whileWaiting(() => sleep(1_200))]);
  judged(testInfo);
});
promise(core('PAS-02'), 'Kept under load.', async ({}, testInfo) => {
  await recordExperiment(testInfo, experiment('east→west'));
  await recordExperiment(testInfo, experiment('west→east'));
  await expect(recordExperiment(testInfo, { ...experiment('bad'), numbers: [{ name: 'n', value: NaN, unit: '' }] })).rejects.toThrow(/unfit experiment bad: numbers.0.value/);
  await testInfo.attach('meshproof.experiment', { body: '{"scope":' });
  judged(testInfo);
});
promise(core('BRO-05'), 'It holds.', async ({}, testInfo) => {
  recordCause(testInfo, { code: 'MP3001', cluster: 'east', sentence: 'No gateway.', remedy: 'make one', anchor: 'docs/findings.md#mp3001' });
  judged(testInfo, 'fail', 7);
});
promise(core('SKI-01'), 'It holds.', async ({}, testInfo) => { testInfo.skip(true, 'not a lab'); });
promise(core('EMP-01'), 'It holds.', async () => {});
promise(core('BRO-01'), 'It holds.', async ({}, testInfo) => { judged(testInfo); expect(1, 'one is two').toBe(2); });
promise(core('BRO-02'), 'It holds.', async ({}, testInfo) => { judged(testInfo); throw new PromiseBroken('expected west, saw east'); });
promise(core('BRO-03'), 'It holds.', async ({}, testInfo) => { expect.soft(1).toBe(3); judged(testInfo); });
promise(core('BRO-04'), 'It holds.', async ({}, testInfo) => { judged(testInfo, 'fail', 7); });
promise(core('ERR-01'), 'It holds.', async ({}, testInfo) => { judged(testInfo); throw new Error('cannot reach east', { cause: new Error('ECONNRESET') }); });
promise(core('ERR-02', { timeoutMs: 3_000 }), 'It holds.', async ({}, testInfo) => { await test.step('wait for the pods', () => whileWaiting(() => sleep(5_000))); judged(testInfo); });
promise(core('ERR-03'), 'It holds.', async ({ absent }, testInfo) => { judged(testInfo); });
promise(core('ERR-04'), 'It holds.', async ({ unhealed }, testInfo) => { judged(testInfo); });
promise(core('ERR-05'), 'It holds.', async ({}, testInfo) => { judged(testInfo, 'error', 0); expect('no requests').toBe('some'); });
promise(core('ERR-06'), 'It holds.', async ({}, testInfo) => { judged(testInfo); expectMesh(1).toAnswer(); });
promise(core('ERR-07'), 'It holds.', async ({}, testInfo) => { judged(testInfo, 'pass', NaN); });
promise(core('ERR-08'), 'It holds.', async () => { process.exit(7); });
promise(core('ERR-09'), 'It holds.', async ({}, testInfo) => { judged(testInfo); expectMesh.soft(1).toAnswer(); });
`;

interface Suite {
  spec: string;
  config?: string;
  files?: Record<string, string>;
}

/** A folder with one spec and a Playwright config that reports to results/run. */
async function suite({ spec, config = '', files = {} }: Suite): Promise<string> {
  const dir = await mkdtemp(path.join(tmpdir(), 'meshproof-e2e-'));
  folders.push(dir);
  await mkdir(path.join(dir, 'suites/locality'), { recursive: true });
  const all: Record<string, string> = {
    'package.json': '{ "type": "module" }',
    'door.ts': door,
    'suites/locality/failover.spec.ts': spec,
    'playwright.config.ts': `export default { testDir: 'suites', workers: 1, timeout: 10_000,
      reporter: [['${root}/harness/report/reporter.ts', { runDir: '${dir}/results/run' }]], ${config} };`,
    ...files,
  };
  for (const [name, text] of Object.entries(all)) await writeFile(path.join(dir, name), text);
  return dir;
}

interface Ended {
  code: number | null;
  output: string;
}

/** Runs Playwright's command line in a process group of its own; sends it SIGINT once its output contains `until`. */
async function playwright(dir: string, args: string[] = [], until?: string): Promise<Ended> {
  // Node's own runner would make the child report to it; colours are for a terminal.
  const { NODE_TEST_CONTEXT: _, FORCE_COLOR: __, ...env } = process.env;
  const child = spawn(process.execPath, [cli, 'test', ...args], { cwd: dir, env, detached: true });
  let output = '';
  let interrupted = false;
  const read = (chunk: Buffer) => {
    output += String(chunk);
    if (until === undefined || interrupted || !output.includes(until)) return;
    interrupted = true;
    process.kill(-child.pid!, 'SIGINT');
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

async function reportIn(dir: string): Promise<Report> {
  return reportSchema.parse(JSON.parse(await readFile(path.join(dir, 'results/latest/report.json'), 'utf8')));
}

function verdicts({ promises }: Report): Record<string, ReportPromise['verdict']> {
  return Object.fromEntries(promises.map((one) => [one.id, one.verdict]));
}

test('every way a promise can end has its verdict and reason', async () => {
  const dir = await suite({ spec: outcomes, config: 'workers: 3, fullyParallel: true' });
  const { code, output } = await playwright(dir);
  const report = await reportIn(dir);
  const reason = (id: string) => report.promises.find((one) => one.id === id)?.reason ?? '';
  assert.deepEqual(verdicts(report), {
    ...{ 'BRO-01': 'fail', 'BRO-02': 'fail', 'BRO-03': 'fail', 'BRO-04': 'fail', 'BRO-05': 'fail' },
    ...{ 'EMP-01': 'error', 'ERR-01': 'error', 'ERR-02': 'error', 'ERR-03': 'error', 'ERR-04': 'error' },
    ...{ 'ERR-05': 'error', 'ERR-06': 'error', 'ERR-07': 'error', 'ERR-08': 'error', 'ERR-09': 'error' },
    ...{ 'PAS-01': 'pass', 'PAS-02': 'pass', 'SKI-01': 'skipped' },
  });
  assert.equal(code, 1);
  assert.equal(report.verdict, 'fail');
  assert.equal(reason('PAS-01'), 'west→east: saw 1');
  assert.equal(reason('SKI-01'), 'not a lab');
  assert.match(reason('EMP-01'), /^The suite ended without a judgement/);
  assert.match(reason('BRO-01'), /^one is two\n(.*\n)*Expected: 2\nReceived: 1$/);
  assert.equal(reason('BRO-02'), 'expected west, saw east');
  assert.match(reason('BRO-03'), /Expected: 3\nReceived: 1$/);
  assert.equal(reason('BRO-04'), 'west→east: saw 7');
  assert.equal(reason('ERR-01'), 'cannot reach east\nCause: ECONNRESET');
  assert.match(reason('ERR-02'), /timeout of 3000ms exceeded.*\nLast step: wait for the pods$/);
  assert.match(reason('ERR-03'), /^Not finished: .*toBe/);
  assert.match(reason('ERR-04'), /cannot heal the link/);
  assert.match(reason('ERR-05'), /^west→east: saw 0/);
  assert.match(reason('ERR-06'), /ECONNREFUSED/);
  assert.match(
    reason('ERR-07'),
    /^The annotation meshproof.judgement is invalid: measurements.0.value: .*NaN$/,
  );
  assert.match(reason('ERR-09'), /^The suite ended with an error: .*ECONNREFUSED/);
  assert.match(reason('ERR-08'), /worker process exited unexpectedly/);
  assert.ok(!output.includes('\u001b'), 'no colour codes outside a terminal');
  assert.match(output, /✓ PAS-01 Kept & <told>\. \([\d.]+ m?s\)/);
  await pictures(dir, report, output);
  await rest(dir, report);
});

/** Experiments and causes, from the worker to every form of the report. */
async function pictures(dir: string, report: Report, output: string): Promise<void> {
  const promise = report.promises.find((one) => one.id === 'PAS-02');
  assert.deepEqual(
    promise?.experiments?.map(({ file, scope }) => [file, scope]),
    [
      ['experiments/PAS-02-1.json', 'east→west'],
      ['experiments/PAS-02-2.json', 'west→east'],
    ],
  );
  assert.match(
    promise?.missingExperiments?.join('\n') ?? '',
    /^Experiment 3 of PAS-02 is not shown: .*cut off/,
  );
  const read = (name: string) => readFile(path.join(dir, 'results/run', name), 'utf8');
  assert.match(await read('experiments/PAS-02-2.json'), /"scope":"west→east"/);
  const [page, junit] = [await read('index.html'), await read('junit.xml')];
  assert.equal([...page.matchAll(/<figure class="experiment"/g)].length, 2);
  const line = 'east→west: errors 3 requests (at most 2: outside)';
  assert.ok(output.includes(`    ${line}`) && junit.includes(`<system-out>${line}`), 'in words elsewhere');
  const broken = report.promises.find((one) => one.id === 'BRO-05');
  assert.equal(broken?.cause?.code, 'MP3001');
  for (const text of [output, junit]) assert.ok(text.includes('Likely cause (MP3001 in east): No gateway.'));
}

/** What else the first run leaves: kept in one test, since each run costs seconds. */
async function rest(dir: string, report: Report): Promise<void> {
  const kept = report.promises.find((one) => one.id === 'PAS-01')!;
  assert.equal(kept.suite, 'suites/locality/failover.spec.ts');
  assert.equal(kept.topic, 'locality');
  assert.equal(kept.disturbs, 'gateway');
  assert.deepEqual(kept.measurements, [{ name: 'seen', value: 1, unit: '', atMost: 1, scope: 'west→east' }]);
  assert.ok(
    kept.waitingMs >= 1_190 && kept.waitingMs < 2_390,
    `overlapping waits counted once: ${kept.waitingMs} ms`,
  );
  const stuck = report.promises.find((one) => one.id === 'ERR-02')!;
  assert.ok(stuck.waitingMs >= 300, `a wait cut by a timeout counts: ${stuck.waitingMs} ms`);
  assert.ok(report.harness.waitingMs > 400 && report.harness.waitingMs < report.harness.durationMs);
  if (process.platform === 'linux') assert.ok((report.harness.peakMemoryBytes ?? 0) > 50e6);
  assert.equal(await readlink(path.join(dir, 'results/latest')), 'run');
  const page = await readFile(path.join(dir, 'results/run/index.html'), 'utf8');
  assert.ok(page.includes('Kept &amp; &lt;told&gt;.'));
  const junit = await readFile(path.join(dir, 'results/run/junit.xml'), 'utf8');
  assert.match(junit, /tests="18" failures="5" errors="10" skipped="1"/);
}

test('a listing names every promise at its suite and leaves the last report alone', async () => {
  const dir = await suite({
    spec: `${imports}\npromise(core('LOC-01'), 'It holds.', async ({ mesh }) => {});\n`,
  });
  const { output } = await playwright(dir, ['--list']);
  assert.match(output, /^LOC-01 It holds\. suites\/locality\/failover\.spec\.ts$/m);
  await assert.rejects(reportIn(dir), { code: 'ENOENT' });
  const json = await playwright(dir, ['--list', '--reporter=json']);
  assert.deepEqual(
    declaredPromises(json.output).map((one) => one.id),
    ['LOC-01'],
  );
  // Where Playwright, and with it `playwright test FILE:LINE`, takes the promise to stand.
  const { suites } = JSON.parse(json.output) as { suites: { specs: { file: string; line: number }[] }[] };
  const places = suites.flatMap(({ specs }) => specs.map(({ file, line }) => `${file}:${line}`));
  assert.deepEqual(places, ['locality/failover.spec.ts:2']);
});

test('a crash in global set-up judges nothing, and says why of every promise', async () => {
  const dir = await suite({
    spec: `${imports}\npromise(core('LOC-01'), 'It holds.', async () => {});\npromise(core('LOC-02'), 'It holds.', async () => {});\n`,
    config: `globalSetup: './setup.ts'`,
    files: { 'setup.ts': `export default () => { throw new Error('cluster east does not answer'); };` },
  });
  const { code, output } = await playwright(dir);
  const report = await reportIn(dir);
  assert.equal(report.verdict, 'error');
  assert.equal(report.reason, 'cluster east does not answer');
  assert.deepEqual(verdicts(report), { 'LOC-01': 'error', 'LOC-02': 'error' });
  assert.equal(report.promises[0]?.reason, 'Not judged: cluster east does not answer');
  assert.notEqual(code, 0);
  assert.ok(!/^\s+at /m.test(output), `no stack traces in:\n${output}`);
});

test('a failed preflight project leaves the promises that depend on it unjudged', async () => {
  const dir = await suite({
    spec: `${imports}\npromise(core('LOC-01'), 'It holds.', async () => {});\n`,
    config: `projects: [{ name: 'preflight', testMatch: /preflight/ }, { name: 'suites', dependencies: ['preflight'] }]`,
    files: {
      'suites/preflight.setup.ts': `import { test } from '../door.ts'; test('preflight', () => { throw new Error('east is down'); });`,
    },
  });
  await playwright(dir);
  const report = await reportIn(dir);
  assert.equal(report.verdict, 'error');
  assert.equal(report.reason, 'preflight failed: east is down');
  assert.equal(report.promises[0]?.reason, 'Not judged: preflight failed: east is down');
});

test('a page that cannot be written leaves no report that says pass', async () => {
  const dir = await suite({
    spec: `${imports}\nimport { mkdirSync, rmSync } from 'node:fs';
promise(core('LOC-01'), 'It holds.', async ({}, testInfo) => {
  const page = new URL('../../results/run/index.html', import.meta.url);
  while (true) try { rmSync(page); break; } catch { await sleep(20); }
  mkdirSync(new URL(page.href + '/in-the-way'), { recursive: true });
  judged(testInfo);
});\n`,
  });
  const { code, output } = await playwright(dir);
  assert.match(output, /Cannot write .*index\.html/);
  assert.notEqual(code, 0);
  const report = await reportIn(dir);
  assert.equal(report.verdict, 'error');
  assert.match(report.reason, /^The run did not finish\./);
});

test('an interrupted run leaves a report that says so', async () => {
  const dir = await suite({
    spec: `${imports}\npromise(core('LOC-01'), 'It holds.', async ({}, testInfo) => judged(testInfo));
promise(core('LOC-02'), 'It holds.', async () => { console.log('now'); await sleep(9_000); });\npromise(core('LOC-03'), 'It holds.', async () => {});\n`,
  });
  const { code } = await playwright(dir, [], 'now');
  const report = await reportIn(dir);
  assert.equal(report.verdict, 'error');
  assert.match(report.reason, /^The run was interrupted\./);
  assert.deepEqual(verdicts(report), { 'LOC-01': 'pass', 'LOC-02': 'error', 'LOC-03': 'error' });
  assert.match(report.promises[2]!.reason, /^Not judged: The run was interrupted/);
  assert.notEqual(code, 0);
});
