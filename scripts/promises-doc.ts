/** Writes docs/promises.md from the suites; with `--check` it only tells whether the file is what it would write. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../harness/lab/paths.ts';

const file = join(projectRoot, 'docs/promises.md');
const capture = (argv: string[], input?: string): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    cwd: projectRoot,
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0)
    throw new Error(`${argv.join(' ')} ended with ${status}: ${stderr}${stdout.slice(0, 2000)}`);
  return stdout;
};

const listed = capture(['node_modules/@playwright/test/cli.js', 'test', '--list', '--reporter=json']);
const text = capture(['harness/report/promises-doc.ts'], listed);
if (existsSync(file) && readFileSync(file, 'utf8') === text) process.exitCode = 0;
else if (process.argv.includes('--check')) {
  console.error('docs/promises.md is stale or absent: run `npm run docs:promises` and commit it');
  process.exitCode = 1;
} else {
  writeFileSync(file, text);
  console.log('wrote docs/promises.md');
}
