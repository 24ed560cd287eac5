/**
 * The unit tests: a process for each folder with tests, two at a time. Prints each failure with its file, and the number of tests. Ends with
 * 1 if a test or a process failed, if a folder has no tests, or if its tests leave files in the temporary directory. `--junit FILE` writes the report, too; names of folders select them.
 */
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { countJunit, failuresOf } from './test-count.ts';

/** Started first: the last process to end should be a short one. */
const longest = ['harness/doctor', 'harness/snapshot', 'scripts/cli', 'harness/lab', 'harness/config'];
const largestReport = 64 * 1024 * 1024;

interface Ended {
  folder: string;
  xml: string;
  /** The output of the process if it failed. */
  said: string;
  failed: boolean;
}

/** The first two folders of the path of a test file: a room, or a part of the scripts. */
const folderOf = (file: string): string => dirname(file).split('/').slice(0, 2).join('/');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { junit: { type: 'string' } },
});
const byFolder = Map.groupBy(globSync(['harness/**/*.test.ts', 'scripts/**/*.test.ts']).toSorted(), folderOf);
const waiting = [...new Set(positionals.length > 0 ? positionals : [...longest, ...byFolder.keys()])];
const ended: Ended[] = [];

function run(folder: string): Promise<Ended> {
  const files = byFolder.get(folder) ?? [];
  if (files.length === 0)
    return Promise.resolve({ folder, xml: '', said: 'The folder does not have tests.', failed: true });
  const argv = ['--test', '--test-isolation=none', '--test-reporter=junit', ...files];
  const temporary = mkdtempSync(join(tmpdir(), 'meshproof-unit-'));
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined, TMPDIR: temporary };
  const options = { maxBuffer: largestReport, env };
  return new Promise((resolve) =>
    execFile(process.execPath, argv, options, (error, xml, stderr) => {
      const { passed, failed } = countJunit(xml);
      const isWhole = passed + failed > 0 && xml.trimEnd().endsWith('</testsuites>');
      const left = readdirSync(temporary);
      rmSync(temporary, { recursive: true });
      const said = [
        ...(isWhole ? [] : ['The process ended before its tests did.']),
        ...(left.length > 0 ? [`The tests left files in the temporary directory: ${left.join(', ')}.`] : []),
        stderr,
      ];
      const isFailed = error !== null || failed > 0 || !isWhole || left.length > 0;
      resolve({ folder, xml, said: said.join(' ').trim(), failed: isFailed });
    }),
  );
}

async function work(): Promise<void> {
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift())
    ended.push(await run(folder));
}
await Promise.all([work(), work()]);

const xml = ended.map((one) => one.xml).join('\n');
if (values.junit !== undefined) writeFileSync(values.junit, xml);
for (const { folder, said, ...one } of ended.filter(({ failed }) => failed))
  console.error([`✘ ${folder}`, ...failuresOf(one.xml), said].join('\n  '));
const { passed, failed } = countJunit(xml);
console.log(`${passed} unit tests passed, ${failed} failed`);
process.exitCode = ended.some((one) => one.failed) ? 1 : 0;
