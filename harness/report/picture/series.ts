import { type Buckets, type Outcome, outcomes } from '../../traffic/timeline.ts';

/** How many hues there are for clusters; a mesh with more uses them again. */
export const clusterHues = 5;

/** One row of a picture: what it counts and how it looks. */
export interface Row {
  /** `ok from west`, `upstreamReset`, `appError from east`. */
  name: string;
  /** Name of its paint: `ok-0` … for answers of a cluster, `ok-none` for those of none of ours, else the outcome. */
  paint: string;
  failed: boolean;
  /** Of a second cluster that shows the same failure: the same paint, thinner. */
  faded: boolean;
  counts: readonly number[];
  total: number;
}

/**
 * The rows of a picture from the bottom up: answers by cluster, then failures in the order of {@link outcomes}. Rows
 * without a request are left out. `clusters` fixes the hue of each: the mesh's, in its order, so that a cluster looks the
 * same in every picture of a report; others follow by name.
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

/** The words for requests that ended in `outcome`, answered by `cluster` or by nothing of ours. */
export function rowName(outcome: Outcome, cluster: string | null): string {
  if (cluster !== null) return `${outcome} from ${cluster}`;
  return outcome === 'ok' ? 'ok, origin unknown' : outcome;
}

function okPaint(cluster: string | null, order: readonly string[]): string {
  return cluster === null ? 'ok-none' : `ok-${order.indexOf(cluster) % clusterHues}`;
}
