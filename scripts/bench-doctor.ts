/**
 * Measures how judging a snapshot grows with the mesh: `bench-doctor.ts [--rounds 3]`. Each size is judged in a process of
 * its own, whose largest resident set counts, the snapshot with it. Prints JSON.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { judge } from '../harness/doctor/judge.ts';
import { snapshotSchema } from '../harness/mesh/snapshot/schema.ts';
import { largeSnapshot, type Size } from './large-snapshot.ts';

const sizes: Size[] = [2, 10, 50].map((clusters) => ({ clusters, services: 5_000, shardsPerIstiod: 2_000 }));

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, one: { type: 'string' } },
});

/** Judges one size in this process. */
function measure(size: Size, rounds: number): object {
  const snapshot = largeSnapshot(size);
  const runs = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    const began = process.cpuUsage();
    judge(snapshot);
    const { user, system } = process.cpuUsage(began);
    return { seconds: (performance.now() - startMs) / 1000, cpuSeconds: (user + system) / 1_000_000 };
  });
  const maxMiB = process.resourceUsage().maxRSS / 1024;
  const { counts, checks, unknown } = judge(snapshot);
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
  console.log(JSON.stringify({ node: process.version, sizes: results }, undefined, 2));
}
