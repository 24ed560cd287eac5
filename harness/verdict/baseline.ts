import type { RequestRecord } from '../traffic/timeline.ts';
import type { Good } from './outage.ts';
import { count, tally } from './wording.ts';

/**
 * The reason why the requests before a fault do not prove a baseline, or `undefined`. At least `inARow` requests must have
 * ended before the fault, and all of them must be good.
 */
export function baselineProblem(
  requests: readonly RequestRecord[],
  injectedMs: number,
  good: Good,
  inARow: number,
): string | undefined {
  const before = requests.filter(({ endMs }) => endMs <= injectedMs);
  if (before.length < inARow)
    return `only ${count(before.length, 'request')} ended before the fault: the baseline needs ${inARow} good ones`;
  const bad = before.filter((request) => !good(request));
  if (bad.length === 0) return undefined;
  const seen = tally(
    bad.map(({ outcome, origin }) => [`${outcome}${origin ? ` from ${origin.region}` : ''}`, 1] as const),
  );
  return `no baseline: ${bad.length} of ${count(before.length, 'request')} before the fault were not as expected (${seen})`;
}
