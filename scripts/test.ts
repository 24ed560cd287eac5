/**
 * Everything: static checks, unit tests, and the real lab end to end, through the command line that users have. Ends with
 * a line `N passed, N failed` counted from the reports of the runners.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../harness/lab/paths.ts';
import { countJunit, type Count } from './test-count.ts';

/** One part of the whole: a command, and how many tests it counts for. */
interface Part {
  title: string;
  argv: string[];
  /** Where the command writes a JUnit report, for parts that are made of tests; the others count as one. */
  junit?: string;
}

const reports = mkdtempSync(join(tmpdir(), 'meshproof-test-'));
const bin = (name: string): string => join(projectRoot, 'node_modules/.bin', name);

const nodeTests = (title: string, patterns: string[], options: string[] = []): Part => {
  const junit = join(reports, `${title.replaceAll(' ', '-')}.xml`);
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout', '--test-reporter=junit'];
  return {
    title,
    argv: [
      process.execPath,
      '--test',
      ...options,
      ...reporters,
      `--test-reporter-destination=${junit}`,
      ...patterns,
    ],
    junit,
  };
};

const parts: Part[] = [
  { title: 'format', argv: [bin('prettier'), '--check', '--log-level', 'warn', '.'] },
  { title: 'lint', argv: [bin('eslint'), '--max-warnings', '0', '.'] },
  { title: 'types', argv: [bin('tsc'), '-p', '.'] },
  { title: 'schemas', argv: [process.execPath, 'scripts/schemas.ts', '--check'] },
  { title: 'docs/promises.md', argv: [process.execPath, 'scripts/promises-doc.ts', '--check'] },
  { title: 'docs/findings.md', argv: [process.execPath, 'scripts/findings-doc.ts', '--check'] },
  nodeTests('unit tests', ['harness/**/*.test.ts', 'scripts/**/*.test.ts']),
  nodeTests('end to end', ['scripts/e2e/*.e2e.ts'], ['--test-concurrency=1']),
];

function run(part: Part): Count {
  console.log(`\n== ${part.title}`);
  const began = Date.now();
  const [command = '', ...args] = part.argv;
  const { status } = spawnSync(command, args, { cwd: projectRoot, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(`== ${part.title}: ended with ${status} after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  if (part.junit === undefined) return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  const count = countJunit(readFileSync(part.junit, 'utf8'));
  // A runner that failed without a failed test, or that ran none, is a failure of its own.
  const silent = (status !== 0 && count.failed === 0) || count.passed + count.failed === 0;
  return silent ? { ...count, failed: count.failed + 1 } : count;
}

const total = { passed: 0, failed: 0 };
try {
  for (const part of parts) {
    const { passed, failed } = run(part);
    total.passed += passed;
    total.failed += failed;
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
