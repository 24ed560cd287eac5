#!/usr/bin/env node
/**
 * Breaks a healthy lab with random pairs of defects, and checks that the doctor names both as causes. Prints JSON. Exits with 1 if a
 * defect of a pair is not named, and with 2 if fewer pairs than requested were judged.
 */
import { parseArgs } from 'node:util';
import { guardOutput } from '../../harness/base/output-guard.ts';
import { timeouts } from '../../harness/base/timeouts.ts';
import { heal, reportRefused } from '../../harness/chaos/heal/heal.ts';
import { loadMeshFile } from '../../harness/config/load.ts';
import type { Diagnosis } from '../../harness/doctor/finding.ts';
import { judge } from '../../harness/doctor/judge.ts';
import { attach } from '../../harness/mesh/attach.ts';
import type { Defect } from '../../harness/selftest/defect.ts';
import { defects } from '../../harness/selftest/defects/index.ts';
import { awaitHealthy } from '../../harness/selftest/healthy.ts';
import { judgePair, type Naming } from '../../harness/selftest/judge-pair.ts';
import { placeOf } from '../../harness/selftest/defect-builders.ts';
import { tryDefect } from '../../harness/selftest/try-defect.ts';
import { abortOnSignal } from '../cli/interrupt.ts';
import { lockMesh } from '../cli/lab-work.ts';
import { healCommand, meshFileFor } from '../cli/options.ts';
import { exitCodes, wordsOf } from '../cli/outcome.ts';
import { refuse } from './generated-doc.ts';
import { randomPairs } from './random-pairs.ts';

guardOutput(exitCodes.couldNotJudge);
const usage =
  'npm run selftest:pairs -- [--name LAB | --mesh FILE] [--pairs 20] [--seed 1]   the same seed draws the same pairs';
const values = givenOptions();
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const [wanted, seed] = [whole('pairs', values.pairs), whole('seed', values.seed)];
const meshFile = orRefuse(() => meshFileFor(values.name, values.mesh));
const file = orRefuse(() => loadMeshFile(meshFile));

function givenOptions() {
  return orRefuse(
    () =>
      parseArgs({
        options: {
          name: { type: 'string', default: 'lab' },
          mesh: { type: 'string' },
          pairs: { type: 'string', default: '20' },
          seed: { type: 'string', default: '1' },
          help: { type: 'boolean', default: false },
        },
      }).values,
  );
}

/** Ends the program for wrong use, before it changes a lab. */
function orRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return refuse(`${wordsOf(error, false)}\n${usage}`);
  }
}

function whole(name: string, text: string): number {
  return /^[1-9]\d{0,5}$/.test(text)
    ? Number(text)
    : refuse(`--${name} is "${text.slice(0, 60)}". Give a whole number from 1 on.\n${usage}`);
}

const signal = abortOnSignal(`Run \`${healCommand(values)}\`.`);
await using _lock = await lockMesh(meshFile);

/** Both defects of a pair as one. The first is injected first and healed last. */
const both = ([a, b]: readonly [Defect, Defect]): Defect => ({
  ...a,
  id: `${a.id} + ${b.id}`,
  break: (mesh) => [...a.break(mesh), ...b.break(mesh)],
  settleMs: Math.max(a.settleMs ?? timeouts.defectSettleMs, b.settleMs ?? timeouts.defectSettleMs),
});

/** The result of one pair. */
interface Row {
  pair: string[];
  verdict: 'named' | 'missed' | 'notJudged';
  /** By id: a cause, explained by another cause, or missed. */
  naming?: Record<string, Naming>;
  causes?: { code: string; cluster: string; explains: string[] }[];
  reason?: string;
}

async function tryPair(pair: readonly [Defect, Defect]): Promise<Row> {
  let diagnosis: Diagnosis | undefined;
  const recording = await tryDefect(both(pair), {
    file,
    tryPromises: () => Promise.resolve([]),
    keepSnapshot: (_, snapshot) => {
      diagnosis = judge(snapshot);
      return Promise.resolve();
    },
    signal,
  });
  if (recording.unhealed !== undefined) {
    await using mesh = attach(file);
    await heal(mesh, { refused: reportRefused });
  }
  const ids = pair.map(({ id }) => id);
  const { trouble } = recording;
  // Often the second defect cannot be injected or verified on a mesh with the first defect.
  if (trouble || !diagnosis)
    return { pair: ids, verdict: 'notJudged', reason: wordsOf(trouble?.error, false) };
  const { causes } = diagnosis;
  const [first, second] = pair;
  const expected = (defect: Defect) => ({ findings: defect.findings, place: placeOf(defect, file) });
  const naming = judgePair([expected(first), expected(second)], causes);
  return {
    pair: ids,
    verdict: naming.includes('missed') ? 'missed' : 'named',
    naming: { [first.id]: naming[0], [second.id]: naming[1] },
    causes: causes
      .filter(({ finding }) => finding.severity !== 'info')
      .map(({ finding: { code, cluster = '' }, symptoms }) => {
        return { code, cluster, explains: [...new Set(symptoms.map((one) => one.code))] };
      }),
  };
}

const rows: Row[] = [];
const count = (verdict: Row['verdict']) => rows.filter((row) => row.verdict === verdict).length;
const judged = () => rows.length - count('notJudged');
let ended: string | undefined;
try {
  await awaitHealthy(file, timeouts.healthyMs, signal);
  for (const pair of randomPairs(defects, seed)) {
    if (judged() >= wanted || signal.aborted) break;
    const row = await tryPair(pair);
    rows.push(row);
    const how = Object.entries(row.naming ?? {}).map(([id, naming]) => `${id} ${naming}`);
    console.error(
      `${judged()}/${wanted} ${row.pair.join(' + ')}: ${row.verdict}: ${row.reason ?? how.join(', ')}`,
    );
    await awaitHealthy(file, timeouts.healthyMs);
  }
} catch (error) {
  ended = wordsOf(error, false);
  console.error(ended);
}
const counts = {
  ...{ drawn: rows.length, judged: judged(), named: count('named') },
  ...{ missed: count('missed'), notJudged: count('notJudged') },
};
console.log(
  JSON.stringify({ seed, ...counts, rows, ...(ended === undefined ? {} : { ended }) }, undefined, 2),
);
process.exit(count('missed') > 0 ? 1 : judged() < wanted || ended !== undefined ? 2 : 0);
