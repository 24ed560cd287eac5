#!/usr/bin/env node
/**
 * Judges a snapshot with every pair of breakages of harness/doctor/breakages. Prints the pairs of which a breakage is hidden, then the
 * counts. Exits with 1 if a breakage is hidden.
 */
import { breakages } from '../../harness/doctor/breakages/index.ts';
import { judgeTogether, pairsOf } from '../../harness/doctor/breakages/pairs.ts';

const results = pairsOf(breakages).map(([a, b]) => judgeTogether(a, b));
const count = (verdict: string) => results.filter((one) => one.verdict === verdict).length;
for (const { verdict, pair, hidden, causes } of results)
  if (verdict === 'hidden') console.log(`${pair}: ${hidden.join(', ')} hidden\n  ${causes.join('\n  ')}`);
console.log(
  `${results.length} pairs: ${count('named')} named, ${count('hidden')} hidden, ${count('apart')} apart`,
);
process.exitCode = count('hidden') > 0 ? 1 : 0;
