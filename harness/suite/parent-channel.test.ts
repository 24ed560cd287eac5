import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { after, before } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '../..');
const deadlineMs = 20_000;
let dir = '';
before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'meshproof-parent-channel-'));
});
after(() => rm(dir, { recursive: true, force: true }));

/** A command that runs suites: it starts Playwright with a channel, on its own standard output. */
const command = `
import { spawn } from 'node:child_process';
spawn(process.execPath, ['${root}/node_modules/@playwright/test/cli.js', 'test'], {
  cwd: import.meta.dirname, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], detached: true,
});`;

const files = {
  'package.json': '{ "type": "module" }',
  'command.js': command,
  'setup.js': `import { endWithCommand } from '${root}/harness/suite/parent-channel.ts'; export default endWithCommand;`,
  'playwright.config.js': `export default { globalSetup: './setup.js', outputDir: './out', reporter: [['line'], ['json', { outputFile: 'report.json' }]] };`,
  'one.spec.js': `
import { writeFileSync } from 'node:fs';
import { test as base } from '${root}/node_modules/@playwright/test/index.mjs';
const test = base.extend({ fault: async ({}, use) => {
  writeFileSync('begun', String(process.ppid));
  await use();
  for (let line = 0; line < 2000; line++) console.log('healing without a reader');
  writeFileSync('healed', 'yes');
} });
test('breaks', async ({ fault }) => { await new Promise((resolve) => setTimeout(resolve, 60_000)); });`,
};

async function within(condition: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `${what} within ${deadlineMs} ms`);
    await delay(50);
  }
}

/** The content of a file, when the file exists and is not empty. */
async function appears(name: string): Promise<string> {
  let text = '';
  const isWritten = async () => (text = await readFile(path.join(dir, name), 'utf8').catch(() => '')) !== '';
  await within(isWritten, name);
  return text;
}

/** Whether a process has ended; it may still be a zombie. */
const hasEnded = async (pid: number): Promise<boolean> =>
  /\) Z |^$/.test(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''));

test('a run whose command was killed heals, reports that it was interrupted, and ends', async () => {
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(dir, name), text);
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = { ...inherited, PWTEST_CACHE_DIR: path.join(dir, 'cache') }; // Playwright does not delete its cache
  const child = spawn(process.execPath, [path.join(dir, 'command.js')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const runner = Number(await appears('begun'));
  child.stdout.destroy();
  child.stderr.destroy();
  child.kill('SIGKILL');
  await appears('healed');
  // Playwright writes its JSON in pieces: the file is complete when the process has ended.
  await within(() => hasEnded(runner), 'its end');
  const report = JSON.parse(await readFile(path.join(dir, 'report.json'), 'utf8'));
  assert.equal(report.stats.expected, 0, 'passed tests');
});
