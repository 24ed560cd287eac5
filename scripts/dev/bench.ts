#!/usr/bin/env node
/**
 * Measures waiting times of users and the cost of a lab, and prints JSON. Methods are compared as ratios within one run, in
 * turns, because the speed of a shared machine changes.
 */
import { parseArgs } from 'node:util';
import { docker } from '../../harness/base/docker.ts';
import { loadMeshFile, loadTopology } from '../../harness/config/load.ts';
import { labObjects, removeLab, type Removed } from '../../harness/lab/down.ts';
import { ensureEngine, type Engine } from '../../harness/lab/engine.ts';
import { ensureImages, ensureTools } from '../../harness/lab/images/index.ts';
import { labFolder, labMeshFile, projectRoot } from '../../harness/lab/paths.ts';
import type { Step } from '../../harness/lab/step.ts';
import { upSteps } from '../../harness/lab/up.ts';
import { attach } from '../../harness/mesh/attach.ts';
import { waitUntilReady } from '../../harness/mesh/readiness.ts';
import { describeMachine } from '../../harness/report/context.ts';
import { healFile } from '../cli/lab-work.ts';
import { runSteps } from '../cli/steps.ts';
import { runSuites } from '../cli/suite-run.ts';
import { spread } from './spread.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, help: { type: 'boolean', default: false } },
});
if (values.help) {
  console.log(
    'npm run bench -- [--rounds N]   makes and removes a lab 2 N times, and judges it N times; JSON on standard output',
  );
  process.exit(0);
}
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds takes a whole number from 1 on, not "${values.rounds}".`);
  process.exit(3);
}

const name = 'bench';
const topologyPath = `${projectRoot}/clusters/topologies/west-east.yaml`;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

const steps = (): Step[] =>
  upSteps({
    name,
    topology: loadTopology(topologyPath),
    topologyPath,
    images: 'auto',
    heal: healFile,
    awaitReadiness: async (file) => {
      await using mesh = attach(loadMeshFile(file));
      await waitUntilReady(mesh);
    },
  });

/** The same steps in sequence, in the order of the Istio documentation. */
const oneByOne = (all: Step[]): Step[] =>
  all.map((step) => ({ ...step, concurrent: false, ...(step.steps ? { steps: oneByOne(step.steps) } : {}) }));

const down = (engine: Engine): Promise<Removed> => removeLab({ name, folder: labFolder(name), engine });

/** Memory of a lab's containers in MiB, as `docker stats` counts it: without reclaimable page cache. */
async function labMemoryMiB(engine: Engine): Promise<number> {
  const { containers } = await labObjects({ name, folder: labFolder(name), engine });
  const printed = await docker(engine, ['stats', '--no-stream', '--format', '{{.MemUsage}}', ...containers]);
  const factor: Record<string, number> = { KiB: 1 / 1024, MiB: 1, GiB: 1024 };
  return printed.split('\n').reduce((sum, line) => {
    const [, amount = '0', unit = 'MiB'] = /^([\d.]+)([KMG]iB)/.exec(line) ?? [];
    return sum + Number(amount) * (factor[unit] ?? 1);
  }, 0);
}

async function judged(): Promise<{
  verdict: string;
  seconds: number;
  waitingSeconds: number;
  harnessShare: number;
  harnessMiB: number;
}> {
  const { report } = await runSuites({
    meshFile: labMeshFile(name),
    projects: ['core'],
    allow: [],
    outputTo: 'stderr',
    signal: new AbortController().signal,
  });
  const { durationMs, waitingMs, peakMemoryBytes } = report.harness;
  return {
    verdict: report.verdict,
    seconds: durationMs / 1000,
    waitingSeconds: waitingMs / 1000,
    harnessShare: (durationMs - waitingMs) / durationMs,
    harnessMiB: (peakMemoryBytes ?? NaN) / 2 ** 20,
  };
}

const engine = await ensureEngine();
await ensureImages('auto', engine, {});
await ensureTools({});
await down(engine);
const [together, serial, memory, again] = [[], [], [], []] as [number[], number[], number[], number[]];
const runs: Awaited<ReturnType<typeof judged>>[] = [];
try {
  for (let round = 0; round < rounds; round++) {
    serial.push(await seconds(() => runSteps(oneByOne(steps()), { plain: true })));
    await down(engine);
    together.push(await seconds(() => runSteps(steps(), { plain: true })));
    again.push(await seconds(() => runSteps(steps(), { plain: true })));
    runs.push(await judged());
    memory.push(await labMemoryMiB(engine));
    await down(engine);
  }
} finally {
  await down(engine);
}
console.log(
  JSON.stringify(
    {
      machine: describeMachine(),
      rounds,
      upSeconds: spread(together),
      upOneAfterTheOtherSeconds: spread(serial),
      upRatio: spread(together.map((value, round) => value / (serial[round] ?? NaN))),
      upOnHealthyLabSeconds: spread(again),
      verdicts: runs.map(({ verdict }) => verdict),
      judgeSeconds: spread(runs.map((run) => run.seconds)),
      judgeWaitingSeconds: spread(runs.map((run) => run.waitingSeconds)),
      judgeHarnessShare: spread(runs.map((run) => run.harnessShare)),
      labMiB: spread(memory),
      harnessMiB: spread(runs.map((run) => run.harnessMiB)),
    },
    undefined,
    2,
  ),
);
