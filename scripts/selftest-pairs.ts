#!/usr/bin/env node
/**
 * Two defects at once: breaks a healthy lab with random pairs and sees whether the doctor names both as causes. Prints JSON; ends with 1
 * when a defect of a pair is not named.
 */
import { parseArgs } from 'node:util';
import { heal } from '../harness/chaos/heal.ts';
import type { Defect } from '../harness/defects/defect.ts';
import { defects } from '../harness/defects/defects.ts';
import { awaitHealthy } from '../harness/defects/healthy.ts';
import { tryDefect } from '../harness/defects/try-defect.ts';
import { labMeshFile } from '../harness/lab/paths.ts';
import { attach } from '../harness/mesh/attach.ts';
import { loadMeshFile } from '../harness/mesh/load.ts';
import { timeouts } from '../harness/timeouts.ts';
import { abortOnSignal } from './interrupt.ts';
import { lockMesh } from './lab-work.ts';
import { randomPairs } from './random-pairs.ts';

const { values } = parseArgs({
  options: {
    name: { type: 'string', default: 'lab' },
    pairs: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'npm run selftest:pairs -- [--name LAB] [--pairs 20] [--seed 1]   the same seed draws the same pairs',
  );
  process.exit(0);
}
const wanted = Number(values.pairs);
const meshFile = labMeshFile(values.name);
const file = loadMeshFile(meshFile);
const signal = abortOnSignal('Run `meshproof heal`.');
await using _lock = await lockMesh(meshFile);

/** One mesh with both; the first is put in first and healed last. */
const both = ([a, b]: readonly [Defect, Defect]): Defect => ({
  ...a,
  id: `${a.id} + ${b.id}`,
  break: (mesh) => [...a.break(mesh), ...b.break(mesh)],
  settleMs: Math.max(a.settleMs ?? timeouts.defectSettleMs, b.settleMs ?? timeouts.defectSettleMs),
});

await awaitHealthy(file, timeouts.healthyMs, signal);
const tried: object[] = [];
const apart: string[] = [];
let unnamed = 0;
for (const pair of randomPairs(defects, Number(values.seed))) {
  if (tried.length >= wanted || signal.aborted) break;
  const recording = await tryDefect(both(pair), {
    file,
    tryPromises: () => Promise.resolve([]),
    keepSnapshot: () => Promise.resolve(),
    signal,
  });
  if (recording.unhealed !== undefined) {
    await using mesh = attach(file);
    await heal(mesh);
  }
  await awaitHealthy(file, timeouts.healthyMs);
  const { causes, trouble } = recording;
  if (trouble || causes === null) {
    // The second cannot be had, or not be proven, on a mesh that has the first.
    apart.push(`${pair.map(({ id }) => id).join(' + ')}: ${String(trouble?.error)}`);
    continue;
  }
  const codes = causes.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
  const named = pair.map(({ id, findings }) => ({
    id,
    named: codes.some((code) => findings.includes(code)),
  }));
  const missed = named.filter((one) => !one.named).map(({ id }) => id);
  unnamed += missed.length;
  tried.push({
    pair: pair.map(({ id }) => id),
    causes: causes.map(({ code, explains }) => ({ code, explains })),
    missed,
  });
  console.error(
    `${tried.length}/${wanted} ${pair.map(({ id }) => id).join(' + ')}: ${codes.join(', ')}${missed.length > 0 ? `; not named: ${missed.join(', ')}` : ''}`,
  );
}
console.log(
  JSON.stringify({ seed: Number(values.seed), pairs: tried.length, unnamed, tried, apart }, undefined, 2),
);
process.exit(unnamed === 0 && tried.length === wanted ? 0 : 1);
