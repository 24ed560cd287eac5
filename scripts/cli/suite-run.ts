import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { withPriority } from '../../harness/base/process-priority.ts';
import { shellWord } from '../../harness/base/shell-word.ts';
import { loadMeshFile, loadTopology } from '../../harness/config/load.ts';
import { ensureK6 } from '../../harness/lab/k6-binary.ts';
import type { Lock } from '../../harness/lab/lock.ts';
import { projectRoot } from '../../harness/lab/paths.ts';
import { attach } from '../../harness/mesh/attach.ts';
import { versionsOf } from '../../harness/mesh/versions.ts';
import { describeMachine, describeMesh, writeContext } from '../../harness/report/context.ts';
import { reportSchema, type Report } from '../../harness/report/schema.ts';
import { secondTryVariable, worthAnotherTry } from '../../harness/report/second-try.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { literally } from './suite-files.ts';
import { lockMesh } from './lab-work.ts';
import type { Project } from './options.ts';
import { WrongUse } from './outcome.ts';

export interface SuiteRunOptions {
  meshFile: string;
  /** Files of suites, relative to the checkout; all when not given. */
  suites?: readonly string[];
  /** Ids of promises, such as `AUT-01`; not with `grep`. */
  promises?: readonly string[];
  /** A regular expression over ids, titles and tags. */
  grep?: string | undefined;
  /** Projects of playwright.config.ts; absent: all of them. */
  projects?: readonly Project[] | undefined;
  /** Promises that may disturb a mesh that meshproof did not create. */
  allow: readonly string[];
  /** The destination of Playwright's output: standard error when the result is printed as JSON, a file in the run folder. */
  outputTo: 'stdout' | 'stderr' | 'file';
  /** A folder for what the run leaves; a new one in results/ when not given. */
  runDir?: string;
  /**
   * Judges the mesh as it stands, for a caller who holds its lock and knows what is broken in it: nothing is healed before, and
   * promises are tried, ready or not, after this long.
   */
  asItStands?: { gateMs: number };
  /** The right to work on the mesh, of a caller who has it already. */
  lock?: Lock;
  signal: AbortSignal;
}

/** A finished run and its report. */
export interface SuiteRun {
  runDir: string;
  report: Report;
}

/**
 * For the runner and its workers. Node lets a heap grow as far as memory reaches before it collects, and glibc gives every thread an
 * arena of its own and keeps what was freed in them (mallopt(3)).
 */
const smallHeap = '--max-semi-space-size=2 --max-old-space-size=384';
const fewArenas = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };

/**
 * Has Node itself load the TypeScript, as it does for this process. Playwright would take Babel to it, and keep the sources and their
 * maps: 12 MB for each process. If a later Playwright does not know the variable, it does so again.
 */
const typesByNode = { PW_DISABLE_TS_ESM: '1' };

/** The folder with the folders of runs. */
export const resultsRoot = join(projectRoot, 'results');

/** `2026-11-23T14-59-03Z-1f2e`: sorts by time, and two that begin in one second differ. */
export const runName = (now: Date): string =>
  `${now.toISOString().slice(0, 19).replaceAll(':', '-')}Z-${randomBytes(2).toString('hex')}`;

/** The command of this process, as a shell takes it. */
export const ownCommand = (): string => ['npx meshproof', ...process.argv.slice(2).map(shellWord)].join(' ');

/** The versions on this machine and, if they answer, in the clusters. */
export async function versions(meshFile: string): Promise<Record<string, string>> {
  const own = { meshproof: packageJson.version, playwright: packageJson.dependencies['@playwright/test'] };
  try {
    await using mesh = attach(loadMeshFile(meshFile));
    return { ...own, ...(await versionsOf(mesh)) };
  } catch {
    return own; // a cluster that does not answer is the preflight's to report
  }
}

/** k6, which sends the load of some promises. `up` has built it; a mesh of someone's own waits for it here, once. */
const loadGenerator = (signal: AbortSignal): Promise<string> =>
  ensureK6({ signal, onLine: (line) => void (line.startsWith('compiling') && console.error(line)) });

async function prepare(options: SuiteRunOptions): Promise<string> {
  const now = new Date();
  const runDir = options.runDir ?? join(resultsRoot, runName(now));
  await mkdir(runDir, { recursive: true });
  const mesh = loadMeshFile(options.meshFile);
  const link = mesh.lab ? loadTopology(mesh.lab.topology).link.forwards : [];
  await writeContext(runDir, {
    name: basename(runDir),
    command: ownCommand(),
    startedAt: now.toISOString(),
    versions: await versions(options.meshFile),
    mesh: describeMesh(mesh, link),
    machine: describeMachine(),
  });
  return runDir;
}

/**
 * Runs Playwright to its end. It has a channel to us, and takes the end of that for Ctrl-C, so that fixtures heal before it
 * ends (harness/suite/parent-channel.ts): we close it when we are interrupted, and the system does when we are killed.
 */
async function playwright(
  args: string[],
  env: NodeJS.ProcessEnv,
  options: SuiteRunOptions,
  lock: Lock,
): Promise<number | null> {
  const file =
    options.outputTo === 'file'
      ? openSync(join(env['MESHPROOF_RUN_DIR'] ?? '', 'output.txt'), 'a')
      : undefined;
  const output = file ?? (options.outputTo === 'stderr' ? process.stderr : 'inherit');
  const cli = join(projectRoot, 'node_modules/@playwright/test/cli.js');
  const child = spawn(...withPriority([process.execPath, cli, 'test', ...args]), {
    cwd: projectRoot,
    env,
    stdio: ['ignore', output, file ?? 'inherit', 'ipc'],
    detached: true, // Ctrl-C reaches it through us alone, once
  });
  const interrupt = (): void => void (child.connected && child.disconnect());
  options.signal.addEventListener('abort', interrupt, { once: true });
  try {
    using _held = child.pid === undefined ? undefined : lock.sharedWith(child.pid);
    return await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
  } finally {
    options.signal.removeEventListener('abort', interrupt);
    interrupt(); // where it is not over, but for an error
    if (file !== undefined) closeSync(file);
  }
}

/**
 * The report of a run that has ended. It has to agree with how Playwright ended, as far as that can tell: reporters that fail,
 * such as on a full disk, show there alone.
 *
 * @throws Error if the report is missing or invalid, or when it says `pass` of a run that did not end well.
 */
export async function readReport(runDir: string, code: number | null): Promise<Report> {
  const where = relative(process.cwd(), runDir);
  let report: Report;
  try {
    report = reportSchema.parse(JSON.parse(await readFile(join(runDir, 'report.json'), 'utf8')));
  } catch (error) {
    throw new Error(`The run left no report (Playwright ended with ${code}); see ${where}.`, {
      cause: error,
    });
  }
  if (report.verdict === 'pass' && code !== 0)
    throw new Error(
      `Every promise was seen to hold, but Playwright ended with ${code}: the report in ${where} may not be whole.`,
    );
  return report;
}

/** A regular expression for the tests of promises. */
const patternOf = (ids: readonly string[]): string => `\\b(${ids.join('|')})\\b`;

/**
 * Runs suites against a mesh and returns the report that was written. The verdict is the report's: Playwright's own exit
 * code cannot tell a broken promise from one that could not be judged. Promises that could not be judged only because this
 * machine was too busy are tried again at the end, one at a time; the report has both tries.
 *
 * @throws Error when the run left no report that can be relied on; WrongUse when nothing is what was asked for.
 */
export async function runSuites(options: SuiteRunOptions): Promise<SuiteRun> {
  await using stack = new AsyncDisposableStack();
  const lock = options.lock ?? stack.use(await lockMesh(options.meshFile));
  const runDir = await prepare(options);
  const env = {
    ...fewArenas,
    ...typesByNode,
    ...process.env,
    MESHPROOF_MESH: options.meshFile,
    MESHPROOF_RUN_DIR: runDir,
    MESHPROOF_K6: await loadGenerator(options.signal),
    MESHPROOF_ALLOW: options.allow.join(','),
    ...(options.asItStands ? { MESHPROOF_AS_IT_STANDS_MS: String(options.asItStands.gateMs) } : {}),
    NODE_OPTIONS: `${smallHeap} ${process.env['NODE_OPTIONS'] ?? ''}`.trim(),
  };
  options.signal.throwIfAborted();
  const { suites = [], promises = [] } = options;
  const pattern = promises.length > 0 ? patternOf(promises) : options.grep;
  const grep = pattern === undefined ? [] : [`--grep=${pattern}`];
  const chosen = (options.projects ?? []).flatMap((project) => ['--project', project]);
  const code = await playwright([...suites.map(literally), ...grep, ...chosen], env, options, lock);
  const report = await readReport(runDir, code);
  if (report.reason.startsWith('No tests found'))
    throw new WrongUse(
      `Nothing is ${[...suites, ...promises, options.grep ?? []].flat().join(' or ')}: docs/promises.md lists the promises.`,
    );
  const again = options.asItStands ? [] : worthAnotherTry(report);
  if (again.length === 0 || options.signal.aborted) return { runDir, report };
  console.error(`\nTrying again, one at a time, because this machine was too busy: ${again.join(', ')}.`);
  const secondEnv = { ...env, [secondTryVariable]: '1' };
  const secondCode = await playwright(
    [`--grep=${patternOf(again)}`, '--workers=1'],
    secondEnv,
    options,
    lock,
  );
  return { runDir, report: await readReport(runDir, secondCode) };
}
