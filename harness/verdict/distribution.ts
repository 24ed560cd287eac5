import type { Buckets, Origin, Outcome, Timeline } from '../traffic/timeline.ts';
import { requestsIn, type Window } from './window.ts';

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

/** The part of an origin that answers are counted by. */
export type OriginKey = keyof Origin;

/** The requests of a window, counted by one part of their origin. */
export interface Distribution {
  by: OriginKey;
  /** Requests with the outcome `ok`, by the origin of the answer. */
  counts: ReadonlyMap<string, number>;
  /** The sum of `counts`. */
  answered: number;
  /** Requests with the outcome `ok` whose answer did not name its origin. */
  unnamed: number;
  /** All other requests, by outcome. */
  failed: ReadonlyMap<Outcome, number>;
  /** The sum of `failed`. */
  failures: number;
  /** All requests of the window: answered + unnamed + failures. */
  requests: number;
}

/**
 * Counts the requests of a timeline that started in a window, by the origin of their answers. If the timeline does not keep
 * every request, counts from its buckets, see {@link countsOf}.
 *
 * @throws Error if only buckets are kept and `by` is not the cluster.
 */
export function distributionOf(timeline: Timeline, by: OriginKey, window: Window = {}): Distribution {
  if (timeline.elided !== undefined && timeline.elided > 0) return fromBuckets(timeline, by, window);
  const counts = new Map<string, number>();
  const failed = new Map<Outcome, number>();
  const requests = requestsIn(timeline, window);
  let [answered, unnamed, failures] = [0, 0, 0];
  for (const { outcome, origin } of requests) {
    if (outcome !== 'ok') {
      failures += 1;
      failed.set(outcome, (failed.get(outcome) ?? 0) + 1);
    } else if (origin === undefined) {
      unnamed += 1;
    } else {
      answered += 1;
      counts.set(origin[by], (counts.get(origin[by]) ?? 0) + 1);
    }
  }
  return { by, counts, answered, unnamed, failed, failures, requests: requests.length };
}

function fromBuckets({ buckets, elided }: Timeline, by: OriginKey, window: Window): Distribution {
  if (!buckets || by !== 'cluster')
    throw new Error(
      `Requests cannot be counted by ${by}: the timeline keeps ${elided} of them only by cluster. Record all requests (keep: 'all').`,
    );
  const { requests, byOutcome, okByCluster } = countsOf(buckets, window);
  const failed = new Map([...byOutcome].filter(([outcome]) => outcome !== 'ok'));
  const counts = new Map([...okByCluster].filter((entry): entry is [string, number] => entry[0] !== null));
  const sum = (all: ReadonlyMap<unknown, number>) => [...all.values()].reduce((total, n) => total + n, 0);
  const unnamed = okByCluster.get(null) ?? 0;
  return { by, counts, answered: sum(counts), unnamed, failed, failures: sum(failed), requests };
}

/** The evidence of a judgement on shares: a distribution, or a timeline to count. */
export type Answers = { distribution: Distribution } | { timeline: Timeline; by: OriginKey; window?: Window };

/** The given distribution, or that of the given timeline. */
export function distributionIn(answers: Answers): Distribution {
  if ('distribution' in answers) return answers.distribution;
  return distributionOf(answers.timeline, answers.by, answers.window);
}
