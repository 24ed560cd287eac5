/**
 * Runs static checks, unit tests, and end-to-end tests on a real lab through the command line. The last line is
 * `N passed, N failed`, counted from the reports of the runners. Ctrl-C ends the running part, which removes its labs.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../../harness/lab/paths.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { countPart, failuresIn, runPart, type Part } from './test-part.ts';

/** Time limits, far above the usual time even with image builds, so that a part that hangs ends and is reported. */
const minuteMs = 60_000;
const bounds = { staticMs: 15 * minuteMs, testMs: 30 * minuteMs, partMs: 40 * minuteMs };

const reports = mkdtempSync(join(tmpdir(), 'meshproof-test-'));
const unitReport = join(reports, 'unit.xml');

function nodeTests(title: string, args: string[]): Part {
  const junit = join(reports, `${title.replaceAll(/\W/g, '-')}.xml`);
  const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout', '--test-reporter=junit'];
  const options = [`--test-timeout=${bounds.testMs}`, ...reporters, `--test-reporter-destination=${junit}`];
  return { title, argv: [process.execPath, ...options, ...args], junit, boundMs: bounds.partMs };
}

/** The checks of `npm run check`, without the unit tests, which are counted individually. */
const checks = packageJson.scripts.check
  .split(' ')
  .filter((name) => name !== 'unit' && name in packageJson.scripts);

/** In sequence, without Node's test runner, which does not wait for test files to undo their changes. */
const endToEnd = readdirSync(join(projectRoot, 'scripts/e2e')).filter((name) => name.endsWith('.e2e.ts'));

const parts: Part[] = [
  ...checks.map((name) => ({
    title: name,
    argv: ['npm', 'run', '--silent', name],
    boundMs: bounds.staticMs,
  })),
  {
    title: 'unit tests',
    argv: [process.execPath, 'scripts/dev/unit.ts', '--junit', unitReport],
    ...{ junit: unitReport, boundMs: bounds.partMs },
  },
  ...endToEnd.map((name) => nodeTests(`end to end: ${name}`, [`scripts/e2e/${name}`])),
];

const [interrupted, killed] = [new AbortController(), new AbortController()];
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    if (interrupted.signal.aborted) killed.abort();
    console.error(`\n${name}: ending the running part. Send it again to end the part at once.`);
    interrupted.abort();
  });

const total = { passed: 0, failed: 0 };
const failures: string[] = [];
try {
  for (const part of parts) {
    if (interrupted.signal.aborted) break;
    console.log(`\n== ${part.title}`);
    const began = Date.now();
    const status = await runPart(part, {
      ...{ cwd: projectRoot, signal: interrupted.signal, kill: killed.signal },
    });
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    console.log(`== ${part.title}: ended with ${status} after ${seconds} s`);
    const { passed, failed } = countPart(part, status);
    total.passed += passed;
    total.failed += failed;
    failures.push(...failuresIn(part, status));
  }
} finally {
  rmSync(reports, { recursive: true, force: true });
}
for (const failure of failures) console.log(`\n✘ ${failure}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 && !interrupted.signal.aborted ? 0 : 1;
