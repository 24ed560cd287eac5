/**
 * Feeds hostile inputs to every reader: `fuzz.ts [--seed N] [--runs 2000] [--only topology]`. Stops each reader at its first finding,
 * prints its seed, its kind and the smallest input, and exits with 1. The same seed gives the same inputs.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { mostMs, type Finding } from './fuzz/run-target.ts';
import { targets } from './fuzz/targets.ts';

/** A reader that does not return is stopped after this time, which is long enough to shrink a slow input. */
const hangMs = 3 * mostMs;
/** Time limit for a thread to load its modules, on a busy machine. */
const startMs = 60_000;
/** Memory limit of a thread; reading may use 1 GB. */
const resourceLimits = { maxOldGenerationSizeMb: 1024 };

interface Message {
  ready?: true;
  input?: string;
  finding?: Finding | null;
}

function fuzz(
  name: string,
  options: { seed: number; runs: number },
): Promise<{ inputs: number; finding: Finding | null }> {
  const worker = new Worker(new URL('./fuzz/worker.ts', import.meta.url), {
    ...{ workerData: { name, ...options }, resourceLimits },
  });
  let [inputs, last] = [0, ''];
  return new Promise((resolve) => {
    let watch: NodeJS.Timeout | undefined;
    const end = (finding: Finding | null): void => {
      clearTimeout(watch);
      resolve({ inputs, finding });
      void worker.terminate();
    };
    const expectWord = (withinMs: number): void => {
      clearTimeout(watch);
      const kind = `did not end within ${withinMs} ms`;
      watch = setTimeout(() => end({ kind, input: last, path: '' }), withinMs);
    };
    expectWord(startMs);
    worker.on('message', ({ input, finding }: Message) => {
      if (finding !== undefined) return end(finding);
      if (input !== undefined) [inputs, last] = [inputs + 1, input];
      expectWord(hangMs);
    });
    worker.on('error', (error: Error) => end({ kind: error.stack ?? error.message, input: last, path: '' }));
  });
}

const { values } = parseArgs({
  options: { seed: { type: 'string' }, runs: { type: 'string', default: '2000' }, only: { type: 'string' } },
});
const [seed, runs] = [Number(values.seed ?? randomInt(2 ** 31)), Number(values.runs)];
const chosen = targets.filter(({ name }) => values.only === undefined || name === values.only);
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(runs) || runs < 1 || chosen.length === 0) {
  console.error(
    `fuzz: --seed and --runs are whole numbers, and --only is one of ${targets.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(3);
}
const began = Date.now();
let [total, failed] = [0, 0];
for (const { name } of chosen) {
  const since = Date.now();
  const { inputs, finding } = await fuzz(name, { seed, runs: Math.ceil(runs / chosen.length) });
  total += inputs;
  if (finding === null)
    console.log(`✔ ${name}: ${inputs} inputs in ${((Date.now() - since) / 1000).toFixed(1)} s`);
  else {
    failed++;
    console.log(
      `✘ ${name}: seed ${seed}, path ${finding.path || 'unknown'}\n${finding.kind}\ninput (${finding.input.length} characters): ${finding.input.slice(0, 4_000)}`,
    );
  }
}
console.log(
  `${total} inputs in ${((Date.now() - began) / 1000).toFixed(1)} s, ${failed} findings, seed ${seed}`,
);
process.exitCode = failed > 0 ? 1 : 0;
