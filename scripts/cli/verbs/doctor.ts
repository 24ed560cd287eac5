import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { styleText } from 'node:util';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Diagnosis } from '../../../harness/doctor/finding.ts';
import type { Paint } from '../../../harness/doctor/format-diagnosis.ts';
import { notRead } from '../../../harness/snapshot/gaps.ts';
import type { Snapshot } from '../../../harness/snapshot/schema.ts';
import { contextOptions } from '../contexts.ts';
import { openMesh, type MeshSource } from '../mesh-source.ts';
import { options, withOptions } from '../options.ts';
import { type ExitCode, exitCodes, WrongUse, wordsOf } from '../outcome.ts';
import { Progress } from '../progress.ts';

interface Given extends MeshSource {
  snapshot?: string;
  watch?: number | true;
  strict?: boolean;
  json?: boolean;
  verbose?: boolean;
}

/** Pause between two rounds of `--watch`, in seconds. */
const defaultPauseS = 10;

/** `meshproof doctor` */
export const doctor = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('doctor').description(
      'Report what is wrong with a mesh, why, and what to do. Changes nothing in the clusters. ' +
        'Exits with 0 if it finds no error, 1 if it finds an error, 2 if it cannot read a cluster or a part of it.',
    ),
    contextOptions.context(),
    contextOptions.kubeconfig(),
    options.mesh(),
    options.name(),
    new Option('--snapshot <file>', 'judge a snapshot, or an archive of `meshproof gather`').argParser(
      (file: string) => resolve(file),
    ),
    new Option(
      '--watch [seconds]',
      `judge again after each pause and show what changed, until Ctrl-C (default pause: ${defaultPauseS} s)`,
    ).argParser(pause),
    new Option('--strict', 'exit with 1 for warnings, too'),
    options.json(),
    new Option(
      '--verbose',
      'show the findings that each cause explains, and all parts that could not be judged',
    ),
  ).action(async (given: Given) => {
    refuse(given);
    if (given.watch === undefined) end(await judgeOnce(given));
    else await watch(given);
    await leave();
  });

function pause(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError('Give a number of seconds from 1 to 86400.');
}

/** @throws WrongUse if a snapshot is combined with an option for a running mesh. */
function refuse({ snapshot, mesh, context, kubeconfig, watch }: Given): void {
  if (snapshot === undefined) return;
  if (mesh !== undefined || context !== undefined || kubeconfig !== undefined)
    throw new WrongUse('--snapshot excludes --mesh, --context and --kubeconfig: a snapshot is of one mesh.');
  if (watch !== undefined) throw new WrongUse('--watch needs a running mesh: a snapshot does not change.');
}

const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });

async function judgeOnce(given: Given): Promise<ExitCode> {
  const { snapshot, diagnosis } = await diagnose(given);
  if (given.json) console.log(JSON.stringify(diagnosis, undefined, 2));
  else console.log((await linesOf(given, snapshot, diagnosis)).join('\n'));
  return codeOf(diagnosis, snapshot, given.strict ?? false);
}

interface Round {
  snapshot: Snapshot;
  diagnosis: Diagnosis;
}

async function diagnose(given: Given): Promise<Round> {
  const { judge } = await import('../../../harness/doctor/judge.ts');
  const snapshot = await snapshotOf(given);
  return { snapshot, diagnosis: judge(snapshot) };
}

async function linesOf(given: Given, snapshot: Snapshot, diagnosis: Diagnosis): Promise<string[]> {
  const { formatDiagnosis } = await import('../../../harness/doctor/format-diagnosis.ts');
  const lines = formatDiagnosis(diagnosis, { verbose: given.verbose ?? false, paint });
  return [...lines, ...singleClusterAdvice(snapshot, given), ...rightsAdvice(snapshot, given)];
}

/** Judges the mesh again and again. Ctrl-C ends the process with the code of the last round. */
async function watch(given: Given): Promise<void> {
  const { changeLines, changesSince } = await import('../watch-changes.ts');
  const pauseMs = 1000 * (typeof given.watch === 'number' ? given.watch : defaultPauseS);
  let code: ExitCode = exitCodes.couldNotJudge;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(code));
  let last: Diagnosis | undefined;
  for (;;) {
    try {
      const { snapshot, diagnosis } = await diagnose(given);
      if (given.json) console.log(JSON.stringify(diagnosis));
      else if (last) console.log(changeLines(changesSince(last, diagnosis), paint).join('\n'));
      else console.log((await linesOf(given, snapshot, diagnosis)).join('\n'));
      code = codeOf(diagnosis, snapshot, given.strict ?? false);
      last = diagnosis;
    } catch (error) {
      if (!last) throw error;
      code = exitCodes.couldNotJudge;
      console.error(`meshproof: ${wordsOf(error, false)}`);
    }
    await delay(pauseMs);
  }
}

/** The exit code for a diagnosis. A part that was not read does not count as healthy. */
export function codeOf({ counts }: Diagnosis, snapshot: Snapshot, strict: boolean): ExitCode {
  const answered = snapshot.clusters.some(({ reachable }) => reachable);
  if (counts.error > 0 && answered) return exitCodes.broken;
  if (notRead(snapshot).length > 0) return exitCodes.couldNotJudge;
  return strict && counts.warning > 0 ? exitCodes.broken : exitCodes.pass;
}

type Source = Pick<Given, 'name' | 'mesh' | 'snapshot' | 'context'>;

/** Checks between clusters need two clusters. */
export function singleClusterAdvice({ clusters }: Snapshot, { context }: Pick<Source, 'context'>): string[] {
  if (context === undefined || clusters.length > 1) return [];
  return ['Checks between clusters need two clusters. Give --context for each cluster of the mesh.'];
}

/** The command that shows the rights of the account, if an API server refused a part. A snapshot may be of another account. */
export function rightsAdvice({ clusters }: Snapshot, { name, mesh, snapshot, context }: Source): string[] {
  const refused = clusters.some(({ missing }) => missing.some(({ reason }) => reason === 'forbidden'));
  if (!refused || snapshot !== undefined) return [];
  if (context !== undefined) return ['`meshproof rights doctor` prints the rights that the account needs.'];
  const of = mesh === undefined ? `--name ${name}` : `--mesh ${mesh}`;
  return [`\`meshproof rights doctor --check ${of}\` shows the rights that the account lacks.`];
}

/** Exits when all output is written: a request without an answer would keep the process alive. */
async function leave(): Promise<void> {
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit();
}

/** The snapshot of a file, or a snapshot that is taken now. */
async function snapshotOf(given: Given): Promise<Snapshot> {
  if (given.snapshot !== undefined) {
    const { readSnapshot } = await import('../../../harness/snapshot/read-snapshot.ts');
    return await readSnapshot(given.snapshot);
  }
  const { takeSnapshot } = await import('../../../harness/snapshot/take-snapshot.ts');
  using progress = new Progress({ quiet: given.json === true || given.watch !== undefined });
  const { mesh, undeclared } = await openMesh(given, progress.report);
  await using _closed = mesh;
  // Awaited here: the mesh is closed when this function ends.
  return await takeSnapshot(mesh, { onProgress: progress.report, ...(undeclared && { undeclared }) });
}
