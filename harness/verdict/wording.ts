import type { Outcome, RequestRecord } from '../traffic/timeline.ts';

/** "1 request", "20 requests"; the plural is the noun with an s. */
export function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** A share of 0 to 1 as a percentage rounded to a tenth: 0.1234 is 12.3. */
export function percent(share: number): number {
  return Math.round(share * 1000) / 10;
}

/** A share of 0 to 1 as a percentage rounded to a hundredth, for measurements. */
export function precisePercent(share: number): number {
  return Math.round(share * 10_000) / 100;
}

/** Milliseconds in a reason: whole, with their unit. */
export function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

/** Counted keys, the most frequent first: "3 denied, 1 noRoute". Counts of the same key are added. */
export function tally(counts: Iterable<readonly [string, number]>): string {
  const sums = new Map<string, number>();
  for (const [key, n] of counts) sums.set(key, (sums.get(key) ?? 0) + n);
  return [...sums]
    .filter(([, n]) => n > 0)
    .sort(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .map(([key, n]) => `${n} ${key}`)
    .join(', ');
}

/** How often each outcome occurs, for {@link tally}. */
export function countOutcomes(requests: Iterable<{ outcome: Outcome }>): Map<Outcome, number> {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of requests) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts;
}

/** Up to five names in quotes, and the number of further names. */
export function names(values: readonly string[]): string {
  const shown = values.slice(0, 5).map((value) => `"${value}"`);
  const more = values.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

/** The result of one request: "ok, answered by orders in west", "denied: 403 RBAC: access denied (first proxy)". */
export function requestInWords({ outcome, origin, detail }: RequestRecord): string {
  const by = origin === undefined ? '' : `, answered by ${origin.service} in ${origin.cluster}`;
  return `${outcome}${by}${detail === undefined ? '' : `: ${detail}`}`;
}
