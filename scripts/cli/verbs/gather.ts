import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { fileNameOf } from '../../../harness/base/folders.ts';
import { durationMs, isDuration } from '../../../harness/base/go-duration.ts';
import { writePrivately } from '../../../harness/report/files.ts';
import { fitToRead } from '../../../harness/snapshot/fit-to-read.ts';
import { collectLogs, type LogFile } from '../../../harness/snapshot/logs.ts';
import { gathered } from '../../../harness/snapshot/read-snapshot.ts';
import type { Snapshot } from '../../../harness/snapshot/schema.ts';
import { takeSnapshot } from '../../../harness/snapshot/take-snapshot.ts';
import { contextOptions } from '../contexts.ts';
import { abortOnSignal } from '../interrupt.ts';
import { openMesh, type MeshSource } from '../mesh-source.ts';
import { options, withOptions } from '../options.ts';
import { type ExitCode, exitCodes } from '../outcome.ts';
import { Progress } from '../progress.ts';

/** Of each log; a sidecar writes some 200 bytes a request. */
const logLimits = { linesPerContainer: 20_000, charactersPerContainer: 4 * 1024 * 1024 };

interface Given extends MeshSource {
  since: number;
  out?: string;
  json?: boolean;
}

function duration(text: string): number {
  if (isDuration(text)) return durationMs(text);
  throw new InvalidArgumentError('Give a duration such as 10m or 1h30m.');
}

/** `meshproof gather` */
export const gather = (end: (code: ExitCode) => void): Command =>
  withOptions(
    new Command('gather').description(
      'Write a snapshot of a mesh with its logs as one archive, without secrets, for `meshproof doctor --snapshot` elsewhere.',
    ),
    contextOptions.context(),
    contextOptions.kubeconfig(),
    options.mesh(),
    options.name(),
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
    const { snapshot, logs, excess } = await read(given);
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

interface Gathered {
  snapshot: Snapshot;
  logs: LogFile[];
  /** By how much the snapshot is too large to be read; undefined if it is not. */
  excess: string | undefined;
}

/** Reads the mesh, then its logs. */
async function read(given: Given): Promise<Gathered> {
  using progress = new Progress({ quiet: given.json === true });
  const { mesh, undeclared } = await openMesh(given, progress.report);
  await using _closed = mesh;
  const onProgress = progress.report;
  const { snapshot, excess } = fitToRead(
    await takeSnapshot(mesh, { onProgress, ...(undeclared && { undeclared }) }),
  );
  for (const { name } of mesh.clusters) onProgress(name, 'logs');
  const logs = await collectLogs(mesh, snapshot, { sinceMs: given.since, ...logLimits });
  return { snapshot, logs, excess };
}

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

/** The parts that the snapshot lacks, a line each; a cluster that did not answer is one line. */
function gapLines({ clusters }: Snapshot): string[] {
  return clusters.flatMap(({ name, reachable, unreachable, missing }) =>
    reachable
      ? missing.map(
          ({ what, of, why }) => `${name}: ${what}${of === undefined ? '' : ` (${of})`} missing: ${why}`,
        )
      : [`${name}: not reachable: ${unreachable}`],
  );
}
