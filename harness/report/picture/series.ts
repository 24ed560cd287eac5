import { type Buckets, type Outcome, outcomes } from '../../traffic/timeline.ts';

/** The number of hues for clusters. A mesh with more clusters repeats them. */
export const clusterHues = 5;

/** A row of a picture: its counts and its look. */
export interface Row {
  /** `ok from west`, `upstreamReset`, `appError from east`. */
  name: string;
  /** Name of its paint: `ok-0` … for answers of a cluster, `ok-none` for answers of unknown origin, else the outcome. */
  paint: string;
  failed: boolean;
  /** Whether a row below has the same failure from another cluster: the same paint, but lighter. */
  faded: boolean;
  counts: readonly number[];
  total: number;
}

/**
 * The rows of a picture from the bottom up: answers by cluster, then failures in the order of {@link outcomes}. Rows
 * without a request are left out. `clusters` are the clusters of the mesh in its order, so that a cluster has the same hue
 * in every picture of a report. Other clusters follow by name.
 */
export function rowsOf(buckets: Pick<Buckets, 'series'>, clusters: readonly string[]): Row[] {
  const found = buckets.series.flatMap(({ cluster }) => cluster ?? []);
  const others = [...new Set(found)].filter((one) => !clusters.includes(one)).sort();
  const order = [...clusters, ...others];
  const rank = (outcome: Outcome, cluster: string | null) =>
    outcomes.indexOf(outcome) * (order.length + 1) +
    (cluster === null ? order.length : order.indexOf(cluster));
  const sorted = buckets.series
    .map((one) => ({ ...one, total: one.counts.reduce((sum, count) => sum + count, 0) }))
    .filter((one) => one.total > 0)
    .toSorted((a, b) => rank(a.outcome, a.cluster) - rank(b.outcome, b.cluster));
  return sorted.map(({ cluster, outcome, counts, total }, index) => ({
    name: rowName(outcome, cluster),
    paint: outcome === 'ok' ? okPaint(cluster, order) : outcome,
    failed: outcome !== 'ok',
    faded: outcome !== 'ok' && sorted[index - 1]?.outcome === outcome,
    counts,
    total,
  }));
}

/** The name of requests with an `outcome`. `cluster` answered; null: the origin is unknown. */
function rowName(outcome: Outcome, cluster: string | null): string {
  if (cluster !== null) return `${outcome} from ${cluster}`;
  return outcome === 'ok' ? 'ok, origin unknown' : outcome;
}

function okPaint(cluster: string | null, order: readonly string[]): string {
  return cluster === null ? 'ok-none' : `ok-${order.indexOf(cluster) % clusterHues}`;
}
