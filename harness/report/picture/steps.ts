/**
 * Combines slots into steps that are wide enough to be visible. Pure, and without imports: the page runs the same functions
 * in the browser.
 */

/** With fewer requests in a step, small delays would show as a comb. */
const requestsInStep = 10;

/**
 * Width of a step in milliseconds: a round number of slots, so that a window of `windowMs` has at most `mostSteps`. A step is
 * wider, up to a second, if it would have few requests at `ratePerSecond`, or not a whole number of them: an even load would
 * then seem to jump.
 */
export function stepWidthMs(
  slotMs: number,
  windowMs: number,
  mostSteps: number,
  ratePerSecond: number,
): number {
  const forRequests = ratePerSecond > 0 ? (requestsInStep * 1000) / ratePerSecond : 0;
  const least = Math.max(windowMs / Math.max(1, mostSteps), Math.min(forRequests, 1000));
  const widths = [1, 10, 100, 1e3, 1e4, 1e5].flatMap((slots) =>
    [1, 2, 4, 5].map((many) => many * slots * slotMs),
  );
  const wide = widths.filter((width) => width >= least - 1e-9);
  const whole = (width: number) => Number.isInteger(Number(((width * ratePerSecond) / 1000).toFixed(6)));
  return wide.find((width) => whole(width) && width <= 4 * wide[0]!) ?? wide[0] ?? windowMs;
}

/** Requests a second in each step. The last step can be shorter. */
export function ratesPerStep(
  counts: readonly number[],
  slots: number,
  slotMs: number,
  stepMs: number,
): number[] {
  const perStep = Math.max(1, Math.round(stepMs / slotMs));
  const rates: number[] = [];
  for (let from = 0; from < slots; from += perStep) {
    const to = Math.min(from + perStep, slots);
    let sum = 0;
    for (let slot = from; slot < to; slot++) sum += counts[slot] ?? 0;
    rates.push((sum * 1000) / ((to - from) * slotMs));
  }
  return rates;
}

/** The value that represents a step: quantiles of slots cannot be combined. */
export type Choice = 'highest' | 'middle';

/** The highest or the middle value of each step; null for a step without values. */
export function valuesPerStep(
  values: readonly (number | null)[],
  slots: number,
  slotMs: number,
  stepMs: number,
  choice: Choice,
): (number | null)[] {
  const perStep = Math.max(1, Math.round(stepMs / slotMs));
  const chosen: (number | null)[] = [];
  for (let from = 0; from < slots; from += perStep) {
    const own = values.slice(from, from + perStep).filter((value) => value !== null);
    own.sort((a, b) => a - b);
    chosen.push(own[choice === 'highest' ? own.length - 1 : Math.floor((own.length - 1) / 2)] ?? null);
  }
  return chosen;
}

/** The latencies of a picture in drawing order, with their names and the value that represents a step. */
export const latencyLines = [
  ['p99Ms', 'p99', 'highest'],
  ['maxMs', 'slowest', 'highest'],
  ['p50Ms', 'p50', 'middle'],
] as const;

/** `12 s`, `12.35 s`: a time on the axis, with as many decimals as a step of `stepMs` needs. */
export function secondsText(atMs: number, stepMs: number): string {
  const decimals = stepMs >= 1000 ? 0 : stepMs >= 100 ? 1 : stepMs >= 10 ? 2 : 3;
  return (atMs / 1000).toFixed(decimals) + ' s';
}

/** `0.5 ms`, `20 ms`, `1 s`: a latency on the axis. */
export function latencyText(ms: number): string {
  if (ms >= 1000) return Number((ms / 1000).toPrecision(3)) + ' s';
  return Number(ms.toPrecision(3)) + ' ms';
}

/** The ticks of a logarithmic axis: every decade from `low` to `high`. */
export function decadesBetween(low: number, high: number): number[] {
  return Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, index) => low * 10 ** index);
}

/** Whole decades around the values, at least one: the ends of a logarithmic axis. `[1, 10]` without values. */
export function decadesAround(values: readonly (number | null)[]): [number, number] {
  let low = Infinity;
  let high = 0;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (high <= 0) return [1, 10];
  const from = Math.floor(Math.log10(Math.max(low, 0.1)) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(high) - 1e-9));
  return [10 ** from, 10 ** to];
}
