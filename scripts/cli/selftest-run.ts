import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled, run } from '../../harness/base/command.ts';
import { inside } from '../../harness/base/folders.ts';
import { timeouts } from '../../harness/base/timeouts.ts';
import { loadMeshFile, loadTopology } from '../../harness/config/load.ts';
import type { MeshFile } from '../../harness/config/mesh-file.ts';
import { ensureTools } from '../../harness/lab/images/index.ts';
import type { Lock } from '../../harness/lab/lock.ts';
import { describeMachine, describeMesh } from '../../harness/report/context.ts';
import { writeAtomically } from '../../harness/report/files.ts';
import type { Defect } from '../../harness/selftest/defect.ts';
import { Istioctl } from '../../harness/selftest/istioctl.ts';
import { judgeSelftest } from '../../harness/selftest/judge-defect.ts';
import { selftestHtml } from '../../harness/selftest/report/html.ts';
import {
  selftestSchema,
  type Healthy,
  type Selftest,
  type SelftestRow,
  type TriedPromise,
} from '../../harness/selftest/report/schema.ts';
import { runSelftest } from '../../harness/selftest/selftest.ts';
import type { Bench } from '../../harness/selftest/try-defect.ts';
import { ownCommand, resultsRoot, runName, runSuites, versions } from './suite-run.ts';

export interface SelftestOptions {
  meshFile: string;
  /** The right to work on the mesh. */
  lock: Lock;
  defects: readonly Defect[];
  /** The path of istioctl; undefined: it is not asked. */
  istioctl: string | undefined;
  /** Shows Playwright's lines on standard error; otherwise in a file next to each report. */
  verbose: boolean;
  onHealthy: (healthy: Healthy) => void;
  onStart: (defect: Defect) => void;
  onRow: (row: SelftestRow) => void;
  signal: AbortSignal;
}

/** The istioctl that made a lab; for another mesh, the istioctl on the PATH. Undefined if it does not exist. */
export async function findIstioctl({ lab }: MeshFile, signal: AbortSignal): Promise<string | undefined> {
  if (lab) return (await ensureTools({ signal }))['istioctl'];
  return (await isInstalled('istioctl')) ? 'istioctl' : undefined;
}

/**
 * Runs a self-test and writes it to results/<run>/: selftest.json and selftest.html, again after each defect, snapshots of the doctor, and
 * the reports of promises.
 *
 * @returns the self-test and its folder.
 * @throws Error when the mesh is not healthy to begin with.
 */
export async function selftest(options: SelftestOptions): Promise<{ runDir: string; result: Selftest }> {
  const file = loadMeshFile(options.meshFile);
  const startedAt = new Date();
  const name = runName(startedAt);
  const runDir = join(resultsRoot, name);
  await mkdir(join(runDir, 'snapshots'), { recursive: true });
  const fixed = await describe(options, file, { name, startedAt });
  const rows: SelftestRow[] = [];
  let healthy: Healthy = { promises: [], istioctl: null, seconds: 0 };
  const write = async (ended?: string): Promise<Selftest> => {
    const result = selftestSchema.parse({
      ...fixed,
      ...judgeSelftest(rows, ended),
      finished: ended === undefined,
      finishedAt: new Date().toISOString(),
      ...{ defects: options.defects.length, healthy, rows },
    });
    await writeAtomically(join(runDir, 'selftest.html'), selftestHtml(result));
    await writeAtomically(join(runDir, 'selftest.json'), `${JSON.stringify(result, null, 2)}\n`);
    return result;
  };
  using istioctl = options.istioctl === undefined ? undefined : new Istioctl(options.istioctl, file);
  const ended = await runSelftest(options.defects, benchOf(options, file, runDir, istioctl), {
    onHealthy: async (seen) => {
      healthy = seen;
      options.onHealthy(seen);
      await write('The run did not finish.');
    },
    onStart: options.onStart,
    onRow: async (row) => {
      rows.push(row);
      options.onRow(row);
      await write('The run did not finish.');
    },
  });
  return { runDir, result: await write(ended) };
}

async function describe(
  { meshFile, istioctl, signal }: SelftestOptions,
  file: MeshFile,
  { name, startedAt }: { name: string; startedAt: Date },
) {
  const said =
    istioctl === undefined ? undefined : await run([istioctl, 'version', '--remote=false'], { signal });
  return {
    schema: 'meshproof.dev/selftest/v1',
    run: name,
    startedAt: startedAt.toISOString(),
    command: ownCommand(),
    machine: describeMachine(),
    versions: {
      ...(await versions(meshFile)),
      ...(said === undefined ? {} : { istioctl: said.replace('client version: ', '') }),
    },
    mesh: describeMesh(file, file.lab ? loadTopology(file.lab.topology).link.forwards : []),
  } as const;
}

function benchOf(
  options: SelftestOptions,
  file: MeshFile,
  runDir: string,
  istioctl: Istioctl | undefined,
): Bench {
  return {
    file,
    tryPromises: (ids, purpose) => tryPromises(options, ids, inside(runDir, 'promises', purpose)),
    keepSnapshot: (defect, snapshot) =>
      writeFile(inside(runDir, 'snapshots', `${defect}.json`), JSON.stringify(snapshot), { mode: 0o600 }),
    istioctl,
    signal: options.signal,
  };
}

/** Whoever lets a mesh be broken lets its promises be tried, those too that disturb it. */
async function tryPromises(
  { meshFile, lock, verbose, signal }: SelftestOptions,
  ids: readonly string[],
  runDir: string,
): Promise<TriedPromise[]> {
  const { report } = await runSuites({
    ...{ meshFile, lock, runDir, signal, promises: ids, allow: ids },
    outputTo: verbose ? 'stderr' : 'file',
    asItStands: { gateMs: timeouts.defectGateMs },
  });
  return report.promises
    .filter(({ id }) => ids.includes(id))
    .map(({ id, verdict, reason }) => ({ id, verdict, reason }));
}
