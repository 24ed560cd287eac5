import { styleText } from 'node:util';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { loadMeshFile } from '../../../harness/config/load.ts';
import type { Diagnosis } from '../../../harness/doctor/finding.ts';
import { judge } from '../../../harness/doctor/judge.ts';
import { type Paint, formatDiagnosis } from '../../../harness/doctor/format-diagnosis.ts';
import { attach } from '../../../harness/mesh/attach.ts';
import { notRead } from '../../../harness/snapshot/gaps.ts';
import { readSnapshot } from '../../../harness/snapshot/read-snapshot.ts';
import type { Snapshot } from '../../../harness/snapshot/schema.ts';
import { takeSnapshot } from '../../../harness/snapshot/take-snapshot.ts';
import { meshFileFor, options, withOptions } from '../options.ts';
import { type ExitCode, exitCodes, WrongUse } from '../outcome.ts';

interface Given {
  name: string;
  mesh?: string;
  snapshot?: string;
  strict?: boolean;
  json?: boolean;
  verbose?: boolean;
}

/** `meshproof doctor` */
export const doctor = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('doctor').description(
      'Name what is wrong with a mesh, where, why, and what to do. Changes nothing. Ends with 0 without errors, 1 with errors, 2 when a cluster, or a part of one, could not be read.',
    ),
    options.name(),
    options.mesh(),
    new Option('--snapshot <file>', 'judge a snapshot, or an archive of `meshproof gather`').argParser(
      (file: string) => resolve(file),
    ),
    new Option('--strict', 'end with 1 for warnings, too'),
    options.json(),
    new Option('--verbose', 'show what each cause explains, and all that could not be judged'),
  ).action(async (given: Given) => {
    const snapshot = await snapshotOf(given);
    const diagnosis = judge(snapshot);
    if (given.json) console.log(JSON.stringify(diagnosis, undefined, 2));
    else {
      const paint: Paint = (style, text) => styleText(style, text, { stream: process.stdout });
      const lines = formatDiagnosis(diagnosis, { verbose: given.verbose ?? false, paint });
      console.log([...lines, ...rightsAdvice(snapshot, given)].join('\n'));
    }
    end(codeOf(diagnosis, snapshot, given.strict ?? false));
    await leave();
  });

/** What a diagnosis of a snapshot ends with. Nothing found where not all was read is no word that all is well. */
export function codeOf({ counts }: Diagnosis, snapshot: Snapshot, strict: boolean): ExitCode {
  const answered = snapshot.clusters.some(({ reachable }) => reachable);
  if (counts.error > 0 && answered) return exitCodes.broken;
  if (notRead(snapshot).length > 0) return exitCodes.couldNotJudge;
  return strict && counts.warning > 0 ? exitCodes.broken : exitCodes.pass;
}

/** How to see which rights an account lacks, if a cluster refused to show a part of it. A snapshot may be of another account. */
export function rightsAdvice(
  { clusters }: Snapshot,
  { name, mesh, snapshot }: Omit<Given, 'strict'>,
): string[] {
  const refused = clusters.some(({ missing }) => missing.some(({ reason }) => reason === 'forbidden'));
  if (!refused || snapshot !== undefined) return [];
  const of = mesh === undefined ? `--name ${name}` : `--mesh ${mesh}`;
  return [`\`meshproof rights doctor --check ${of}\` shows the rights that the account lacks.`];
}

/** Ends the process when all is written: what gave no answer in time was abandoned, and would keep it alive. */
async function leave(): Promise<void> {
  await new Promise((resolve) => process.stdout.write('', resolve));
  process.exit();
}

/** The snapshot of a file, or one that is taken now. */
async function snapshotOf({ snapshot, name, mesh: meshFile }: Given): Promise<Snapshot> {
  if (snapshot !== undefined) {
    if (meshFile !== undefined)
      throw new WrongUse('Give either --snapshot or --mesh: a snapshot is of one mesh.');
    return await readSnapshot(snapshot);
  }
  await using mesh = attach(loadMeshFile(meshFileFor(name, meshFile)));
  // Awaited here: the mesh is closed when this function ends.
  return await takeSnapshot(mesh);
}
