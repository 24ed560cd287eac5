/** Runs one target in its own thread. The parent stops the thread if the reader does not return. */
import { parentPort, workerData } from 'node:worker_threads';
import { runTarget, type FuzzOptions } from './run-target.ts';
import { targets } from './targets.ts';

const { name, ...options } = workerData as FuzzOptions & { name: string };
const target = targets.find((one) => one.name === name);
if (!target) throw new Error(`Target ${name} does not exist.`);
parentPort?.postMessage({ ready: true });
const finding = await runTarget(target, {
  ...options,
  onInput: (input) => parentPort?.postMessage({ input }),
});
parentPort?.postMessage({ finding: finding ?? null });
