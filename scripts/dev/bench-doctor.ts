/**
 * Measures the doctor on snapshots of several sizes, and prints JSON. A separate process judges each size; its maximum resident set
 * includes the snapshot. With a lab, the script also measures `meshproof doctor` and istioctl's commands, in turns.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadMeshFile } from '../../harness/config/load.ts';
import { judge } from '../../harness/doctor/judge.ts';
import { ensureTools } from '../../harness/lab/images/index.ts';
import { labMeshFile, projectRoot } from '../../harness/lab/paths.ts';
import { MergedKubeconfig } from '../../harness/selftest/merged-kubeconfig.ts';
import { defaultLimits } from '../../harness/snapshot/collect.ts';
import { snapshotSchema } from '../../harness/snapshot/schema.ts';
import { largeSnapshot, type Size } from './large-snapshot.ts';
import { spread } from './spread.ts';

const sizes: Size[] = [2, 10, 50].map((clusters) => ({
  clusters,
  services: 5_000,
  shardsPerIstiod: defaultLimits(clusters).shardsPerIstiod,
}));

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    name: { type: 'string' },
    one: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'npm run bench:doctor -- [--rounds N] [--name LAB]   judges generated snapshots; with a lab, also runs the doctor and istioctl N times each',
  );
  process.exit(0);
}

/** Judges one size in this process. */
function measure(size: Size, rounds: number): object {
  const snapshot = largeSnapshot(size);
  const timed = () => {
    const startMs = performance.now();
    const began = process.cpuUsage();
    const diagnosis = judge(snapshot);
    const { user, system } = process.cpuUsage(began);
    return {
      diagnosis,
      took: { seconds: (performance.now() - startMs) / 1000, cpuSeconds: (user + system) / 1_000_000 },
    };
  };
  const first = timed();
  const maxMiB = process.resourceUsage().maxRSS / 1024; // of one judgement, as the doctor makes it
  const runs = [first.took, ...Array.from({ length: rounds - 1 }, () => timed().took)];
  const { counts, checks, unknown } = first.diagnosis;
  const fits = size.clusters > 2 || snapshotSchema.safeParse(snapshot).success;
  return {
    ...size,
    rounds,
    checks,
    runs,
    maxMiB: Math.round(maxMiB),
    counts,
    unknownParts: unknown.length,
    fits,
  };
}

/** Time limit of an istioctl command, in seconds. */
const limitSeconds = 10;

/** Seconds that a program took; `answered` is false if the program reached its time limit. */
function timed(
  argv: readonly string[],
  options: { env?: NodeJS.ProcessEnv; limitSeconds: number },
): { seconds: number; answered: boolean } {
  const beganMs = performance.now();
  const [program = '', ...rest] = argv;
  const { error } = spawnSync(program, rest, {
    ...{ stdio: 'ignore', killSignal: 'SIGKILL', timeout: options.limitSeconds * 1000 },
    env: { ...process.env, ...options.env },
  });
  if (error && (error as NodeJS.ErrnoException).code !== 'ETIMEDOUT') throw error;
  return { seconds: (performance.now() - beganMs) / 1000, answered: error === undefined };
}

/** The doctor and istioctl's commands on a healthy lab, in turns; the ratio is that of one round. */
async function besideIstioctl(lab: string, rounds: number): Promise<object> {
  const { clusters } = loadMeshFile(labMeshFile(lab));
  const { istioctl: binary } = await ensureTools({});
  if (binary === undefined) throw new Error('The tools of the lab do not contain istioctl.');
  using kubeconfig = new MergedKubeconfig(clusters);
  const env = { KUBECONFIG: kubeconfig.file };
  const commands = clusters.flatMap(({ name }) => {
    const remotes = clusters.filter((one) => one.name !== name).map((one) => one.name);
    return [
      ['analyze', '-A'],
      ['analyze', '-A', ...remotes.flatMap((one) => ['--remote-contexts', one])],
      ['remote-clusters'],
      ['proxy-status'],
      ['experimental', 'precheck'],
    ].map((argv) => [...argv, '--context', name]);
  });
  const seconds = new Map(commands.map((argv) => [argv.join(' '), [] as number[]]));
  const silent = new Set<string>();
  const [doctor, istioctl] = [[] as number[], [] as number[]];
  for (let round = 0; round < rounds; round++) {
    const argv = [
      process.execPath,
      join(projectRoot, 'scripts/cli/meshproof.ts'),
      'doctor',
      '--name',
      lab,
      '--json',
    ];
    doctor.push(timed(argv, { limitSeconds: 60 }).seconds);
    let sum = 0;
    for (const [command, took] of seconds) {
      const one = timed([binary, ...command.split(' ')], { env, limitSeconds });
      took.push(one.seconds);
      if (one.answered) sum += one.seconds;
      else silent.add(command);
    }
    istioctl.push(sum);
  }
  return {
    doctorSeconds: spread(doctor),
    istioctlSeconds: spread(istioctl),
    ratio: spread(doctor.map((one, round) => one / (istioctl[round] ?? NaN))),
    commands: Object.fromEntries([...seconds].map(([command, all]) => [command, spread(all)])),
    /** Left out of the sum. */
    noAnswerWithin: { seconds: limitSeconds, commands: [...silent] },
  };
}

if (values.one !== undefined)
  console.log(JSON.stringify(measure(JSON.parse(values.one) as Size, Number(values.rounds))));
else {
  const results = sizes.map((size) => {
    const argv = [import.meta.filename, '--rounds', values.rounds, '--one', JSON.stringify(size)];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    if (status !== 0)
      throw new Error(`judging ${JSON.stringify(size)} ended with ${status}: ${stderr.slice(0, 2000)}`);
    return JSON.parse(stdout) as unknown;
  });
  const live =
    values.name === undefined ? {} : { lab: await besideIstioctl(values.name, Number(values.rounds)) };
  console.log(JSON.stringify({ node: process.version, sizes: results, ...live }, undefined, 2));
}
