import { keptUpstreams } from './proxy-view.ts';
import type { ClusterSnapshot, Missing, Snapshot } from './schema.ts';
import { SnapshotBounds, snapshotLimits, type SnapshotLimits } from './snapshot-limits.ts';

/** A snapshot that was cut until `doctor --snapshot` reads it. */
export interface FittedSnapshot {
  snapshot: Snapshot;
  /** The limit that the snapshot still exceeds, as the rest of a sentence. */
  excess?: string;
}

/**
 * Cuts the upstreams of proxies and the shards of istiods by half until the snapshot is within the limits of reading. The snapshot
 * records each cut in `missing`. A snapshot that does not fit without upstreams and shards is returned whole, with `excess`.
 */
export function fitToRead(snapshot: Snapshot, limits: SnapshotLimits = snapshotLimits): FittedSnapshot {
  const excess = excessOf(snapshot, limits);
  if (excess === undefined) return { snapshot };
  const most = (lengths: (cluster: ClusterSnapshot) => number[]) =>
    snapshot.clusters.flatMap(lengths).reduce((a, b) => Math.max(a, b), 0);
  let upstreamsPerProxy = most(({ proxies }) => proxies.map(({ upstreams }) => upstreams.length));
  let shardsPerIstiod = most(({ istiods }) => istiods.map(({ shards }) => shards?.length ?? 0));
  while (upstreamsPerProxy > 0 || shardsPerIstiod > 0) {
    [upstreamsPerProxy, shardsPerIstiod] = [
      Math.floor(upstreamsPerProxy / 2),
      Math.floor(shardsPerIstiod / 2),
    ];
    const cut = cutTo(snapshot, upstreamsPerProxy, shardsPerIstiod);
    if (excessOf(cut, limits) === undefined) return { snapshot: cut };
  }
  return { snapshot, excess };
}

function excessOf(snapshot: Snapshot, limits: SnapshotLimits): string | undefined {
  try {
    return new SnapshotBounds(limits).exceeded(Buffer.from(`${JSON.stringify(snapshot)}\n`));
  } catch (error) {
    // V8 does not make a string of more than 512 MB.
    if (error instanceof RangeError) return 'has more than 512 MB of JSON';
    throw error;
  }
}

function cutTo(snapshot: Snapshot, upstreamsPerProxy: number, shardsPerIstiod: number): Snapshot {
  return {
    ...snapshot,
    limits: { ...snapshot.limits, upstreamsPerProxy, shardsPerIstiod },
    clusters: snapshot.clusters.map((cluster) => cutCluster(cluster, upstreamsPerProxy, shardsPerIstiod)),
  };
}

function cutCluster(
  cluster: ClusterSnapshot,
  upstreamsPerProxy: number,
  shardsPerIstiod: number,
): ClusterSnapshot {
  const cuts: Missing[] = [];
  const note = (what: Missing['what'], { namespace, pod }: { namespace: string; pod: string }, why: string) =>
    void cuts.push({ what, of: `${namespace}/${pod}`, reason: 'limit', why });
  const proxies = cluster.proxies.map((proxy) => {
    const upstreams = keptUpstreams(proxy.upstreams, upstreamsPerProxy);
    if (upstreams.length < proxy.upstreams.length)
      note(
        'proxies',
        proxy,
        `${upstreams.length} of ${proxy.upstreams.length} upstreams are kept in the file`,
      );
    return { ...proxy, upstreams };
  });
  const istiods = cluster.istiods.map((istiod) => {
    const shards = istiod.shards?.slice(0, shardsPerIstiod);
    if (!istiod.shards || !shards || shards.length === istiod.shards.length) return istiod;
    note('istiods', istiod, `${shards.length} of ${istiod.shards.length} shards are kept in the file`);
    return { ...istiod, shards };
  });
  return { ...cluster, proxies, istiods, missing: [...cluster.missing, ...cuts] };
}
