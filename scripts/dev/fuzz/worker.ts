/** Runs one target in a thread of its own, which its parent ends if a reader does not come back. */
import { parentPort, workerData } from 'node:worker_threads';
import { runTarget, type FuzzOptions } from './run-target.ts';
import { targets } from './targets.ts';

const { name, ...options } = workerData as FuzzOptions & { name: string };
const target = targets.find((one) => one.name === name);
if (!target) throw new Error(`There is no target ${name}.`);
parentPort?.postMessage({ ready: true });
const finding = await runTarget(target, {
  ...options,
  onInput: (input) => parentPort?.postMessage({ input }),
});
parentPort?.postMessage({ finding: finding ?? null });
