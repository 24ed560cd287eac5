import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { fileNameOf } from '../../../harness/base/folders.ts';
import { durationMs, isDuration } from '../../../harness/base/go-duration.ts';
import { loadMeshFile } from '../../../harness/config/load.ts';
import { attach } from '../../../harness/mesh/attach.ts';
import { writePrivately } from '../../../harness/report/files.ts';
import { fitToRead } from '../../../harness/snapshot/fit-to-read.ts';
import { collectLogs } from '../../../harness/snapshot/logs.ts';
import { gathered } from '../../../harness/snapshot/read-snapshot.ts';
import type { Snapshot } from '../../../harness/snapshot/schema.ts';
import { takeSnapshot } from '../../../harness/snapshot/take-snapshot.ts';
import { abortOnSignal } from '../interrupt.ts';
import { meshFileFor, options, withOptions } from '../options.ts';
import { type ExitCode, exitCodes } from '../outcome.ts';

/** Of each log; a sidecar writes some 200 bytes a request. */
const logLimits = { linesPerContainer: 20_000, charactersPerContainer: 4 * 1024 * 1024 };

interface Given {
  name: string;
  mesh?: string;
  since: number;
  out?: string;
  json?: boolean;
}

function duration(text: string): number {
  if (isDuration(text)) return durationMs(text);
  throw new InvalidArgumentError('It is written like 10m or 1h30m.');
}

/** `meshproof gather` */
export const gather = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('gather').description(
      'Write a snapshot of a mesh with its logs as one archive, without secrets, for `meshproof doctor --snapshot` elsewhere.',
    ),
    options.name(),
    options.mesh(),
    new Option('--since <duration>', 'how far back the logs go, such as 10m')
      .argParser(duration)
      .default(600_000, '10m'),
    new Option(
      '--out <file>',
      'the archive, which only you can read; it replaces an existing file, but not a link (default: meshproof-<mesh>-<time>.tar.gz in this folder)',
    ).argParser((file: string) => resolve(file)),
    options.json(),
    options.verbose(),
  ).action(async (given: Given) => {
    await using mesh = attach(loadMeshFile(meshFileFor(given.name, given.mesh)));
    const { snapshot, excess } = fitToRead(await takeSnapshot(mesh));
    const logs = await collectLogs(mesh, snapshot, { sinceMs: given.since, ...logLimits });
    const folder = archiveName(snapshot);
    const file = given.out ?? resolve(`${folder}.tar.gz`);
    const archive = await gathered(folder, snapshot, logs);
    const aborted = abortOnSignal('Run `meshproof gather` again.', 'deleting the unfinished archive');
    await writePrivately(file, archive, aborted);
    if (given.json)
      console.log(JSON.stringify({ file, bytes: archive.length, ...summary(snapshot) }, undefined, 2));
    else
      console.log(
        [`Wrote ${file} (${archive.length} bytes, ${logs.length} logs).`, ...gapLines(snapshot)].join('\n'),
      );
    if (excess !== undefined) console.error(unreadable(file, excess));
    const isUsable = excess === undefined && snapshot.clusters.some(({ reachable }) => reachable);
    end(isUsable ? exitCodes.pass : exitCodes.couldNotJudge);
  });

/** The warning for an archive that is too large. */
export const unreadable = (file: string, excess: string): string =>
  `\`meshproof doctor --snapshot\` does not read ${file}: the snapshot ${excess}. Run \`meshproof doctor\` on the mesh.`;

/** The name of an archive and of the folder in it, for any mesh id: short enough for a header of tar (155 bytes), and for a file. */
export const archiveName = ({ declared, takenAt }: Pick<Snapshot, 'declared' | 'takenAt'>): string =>
  `meshproof-${fileNameOf(declared.meshId, 120)}-${takenAt.replace(/\.\d+Z$/, 'Z').replaceAll(':', '')}`;

const summary = ({ clusters, tookMs }: Snapshot) => ({
  tookMs,
  clusters: clusters.map(({ name, reachable, missing }) => ({ name, reachable, missing })),
});

/** What the snapshot lacks, a line each; a cluster that did not answer is one line. */
function gapLines({ clusters }: Snapshot): string[] {
  return clusters.flatMap(({ name, reachable, unreachable, missing }) =>
    reachable
      ? missing.map(
          ({ what, of, why }) => `${name}: ${what}${of === undefined ? '' : ` (${of})`} missing: ${why}`,
        )
      : [`${name}: not reachable: ${unreachable}`],
  );
}
