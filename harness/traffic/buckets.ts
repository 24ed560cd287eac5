import type { Buckets, Outcome, RequestRecord } from './timeline.ts';

/** Width of a slot in milliseconds. The pictures of the report need it, and clusters/k6 counts by it. */
export const slotMs = 50;

/** Latencies of one slot, in milliseconds. */
export interface Latencies {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Builds {@link Buckets} from counts that arrive in parts. */
export class BucketCounts {
  readonly #widthMs: number;
  readonly #series = new Map<string, Buckets['series'][number]>();
  readonly #latencies: (Latencies | undefined)[] = [];
  #slots = 0;

  constructor(widthMs: number = slotMs) {
    if (!(widthMs > 0)) throw new RangeError(`the width of a slot is ${widthMs} ms: it must be above 0`);
    this.#widthMs = widthMs;
  }

  /** Counts `n` requests of a slot. Throws RangeError if the slot is not an integer from 0 on. */
  count(slot: number, cluster: string | null, outcome: Outcome, n: number): void {
    if (!Number.isInteger(slot) || slot < 0) throw new RangeError(`slot ${slot} is not an integer from 0 on`);
    const key = JSON.stringify([cluster, outcome]);
    const series = this.#series.get(key) ?? { cluster, outcome, counts: [] };
    this.#series.set(key, series);
    while (series.counts.length <= slot) series.counts.push(0);
    series.counts[slot] = (series.counts[slot] ?? 0) + n;
    this.#slots = Math.max(this.#slots, slot + 1);
  }

  /** Adds the latencies of a part of a slot. Quantiles of parts cannot be merged, so the worst of each is kept. */
  latency(slot: number, part: Latencies): void {
    const known = this.#latencies[slot] ?? { p50Ms: 0, p99Ms: 0, maxMs: 0 };
    this.#latencies[slot] = {
      p50Ms: Math.max(known.p50Ms, part.p50Ms),
      p99Ms: Math.max(known.p99Ms, part.p99Ms),
      maxMs: Math.max(known.maxMs, part.maxMs),
    };
  }

  /** The counts so far. Every row has an entry for each slot up to the last. */
  buckets(): Buckets {
    const row = <T>(of: (slot: number) => T): T[] =>
      Array.from({ length: this.#slots }, (_, slot) => of(slot));
    const latency = (key: keyof Latencies) => row((slot) => this.#latencies[slot]?.[key] ?? null);
    return {
      widthMs: this.#widthMs,
      series: [...this.#series.values()].map(({ cluster, outcome, counts }) => ({
        cluster,
        outcome,
        counts: row((slot) => counts[slot] ?? 0),
      })),
      latency: { p50Ms: latency('p50Ms'), p99Ms: latency('p99Ms'), maxMs: latency('maxMs') },
    };
  }
}

/** Counts single requests of any sender. Quantiles are by nearest rank. */
export function bucketsOf(requests: readonly RequestRecord[], widthMs: number = slotMs): Buckets {
  const counts = new BucketCounts(widthMs);
  const latencies = new Map<number, number[]>();
  for (const { startMs, endMs, outcome, origin } of requests) {
    const slot = Math.floor(startMs / widthMs);
    counts.count(slot, origin?.cluster ?? null, outcome, 1);
    const known = latencies.get(slot);
    if (known) known.push(endMs - startMs);
    else latencies.set(slot, [endMs - startMs]);
  }
  for (const [slot, unsorted] of latencies) {
    const sorted = unsorted.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    counts.latency(slot, { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) });
  }
  return counts.buckets();
}
