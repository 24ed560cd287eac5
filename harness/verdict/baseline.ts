import type { RequestRecord } from '../traffic/timeline.ts';
import type { Good } from './outage.ts';
import { count, tally } from './wording.ts';

/** Why the requests before a fault prove no baseline, or `undefined`: the last N that had ended must be good. */
export function baselineProblem(
  requests: readonly RequestRecord[],
  injectedMs: number,
  good: Good,
  inARow: number,
): string | undefined {
  const before = requests.filter(({ endMs }) => endMs <= injectedMs);
  if (before.length < inARow)
    return `only ${count(before.length, 'request')} ended before the fault: ${inARow} good ones are the baseline`;
  const bad = before.filter((request) => !good(request));
  if (bad.length === 0) return undefined;
  const seen = tally(
    bad.map(({ outcome, origin }) => [`${outcome}${origin ? ` from ${origin.region}` : ''}`, 1] as const),
  );
  return `${bad.length} of ${count(before.length, 'request')} before the fault were not as they should be (${seen}): no baseline`;
}
