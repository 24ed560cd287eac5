import type { Buckets } from '../traffic/buckets.ts';
import type { Outcome } from '../traffic/timeline.ts';
import type { Window } from './window.ts';

/** The requests of a window, counted by outcome, and the good ones by the cluster that answered. */
export interface WindowCounts {
  requests: number;
  byOutcome: ReadonlyMap<Outcome, number>;
  /** Requests with the outcome `ok`, by the cluster that answered; `null` if the answer did not name a cluster. */
  okByCluster: ReadonlyMap<string | null, number>;
}

/**
 * Counts the requests of a window from the buckets of a timeline, for a timeline that does not keep every request. A slot
 * belongs to a window if its middle does: each end is exact to half a slot.
 */
export function countsOf({ widthMs, series }: Buckets, window: Window = {}): WindowCounts {
  const { fromMs = -Infinity, toMs = Infinity } = window;
  const inside = (_: unknown, slot: number): boolean => {
    const middleMs = (slot + 0.5) * widthMs;
    return middleMs >= fromMs && middleMs < toMs;
  };
  const byOutcome = new Map<Outcome, number>();
  const okByCluster = new Map<string | null, number>();
  let requests = 0;
  for (const { cluster, outcome, counts } of series) {
    const n = counts.filter(inside).reduce((sum, one) => sum + one, 0);
    if (n === 0) continue;
    requests += n;
    byOutcome.set(outcome, (byOutcome.get(outcome) ?? 0) + n);
    if (outcome === 'ok') okByCluster.set(cluster, (okByCluster.get(cluster) ?? 0) + n);
  }
  return { requests, byOutcome, okByCluster };
}
