#!/usr/bin/env node
/**
 * Judges healthy meshes that are drawn at random: a finding above info is a false alarm. Then breaks as many: the breakage has to come
 * first. Prints each kind of failure with a draw, and the counts. Exits with 1 if a mesh fails.
 */
import { parseArgs } from 'node:util';
import { countFailures } from '../../harness/doctor/random-mesh/count-failures.ts';

const { values } = parseArgs({
  options: {
    draws: { type: 'string', default: '1000' },
    broken: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
  },
});
const [healthy, broken, seed] = [Number(values.draws), Number(values.broken), Number(values.seed)];
const { falseAlarms, notFirst, broken: judged } = countFailures({ healthy, broken, seed });
const print = (kinds: ReadonlyMap<string, { count: number; example: string }>) => {
  for (const [kind, { count, example }] of [...kinds].toSorted((a, b) => b[1].count - a[1].count))
    console.log(`${count} x ${kind}\n    ${example}`);
};
print(falseAlarms.kinds);
console.log(`${falseAlarms.count} of ${healthy} healthy meshes have a finding above info (seed ${seed})\n`);
print(notFirst.kinds);
console.log(`${notFirst.count} of ${judged} broken meshes do not have their breakage first`);
process.exitCode = falseAlarms.count > 0 || notFirst.count > judged / 100 ? 1 : 0;
