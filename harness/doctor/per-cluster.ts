import type { Check, Sighting } from './check.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';
import { separately } from './unread.ts';

type Judge<T> = (item: T, view: MeshView) => Iterable<Sighting>;

/** Judges each item by itself. A sighting has the cluster of its item, if it does not name another. */
export const perItem = <T extends { cluster: ClusterView }>(
  itemsOf: (view: MeshView) => Iterable<T>,
  judge: Judge<T>,
): Check['run'] =>
  function* (view) {
    yield* separately(itemsOf(view), function* (item) {
      for (const sighting of judge(item, view)) yield { cluster: item.cluster.name, ...sighting };
    });
  };

/** Judges each cluster that answered by itself, as {@link perItem} does. */
export const perCluster = (
  judge: Judge<ClusterView>,
  clustersOf = (view: MeshView): readonly ClusterView[] => view.clusters,
): Check['run'] =>
  perItem(
    (view) => clustersOf(view).map((cluster) => ({ cluster })),
    ({ cluster }, view) => judge(cluster, view),
  );

/** The same for the clusters with an istiod. */
export const perPrimary = (judge: Judge<ClusterView>): Check['run'] =>
  perCluster(judge, ({ primaries }) => primaries);

/** The same for the clusters with workloads. */
export const perDataPlane = (judge: Judge<ClusterView>): Check['run'] =>
  perCluster(judge, ({ dataPlanes }) => dataPlanes);

/** Makes a value for each cluster once. */
export function keptByCluster<T>(make: (cluster: ClusterView) => T): (cluster: ClusterView) => T {
  const made = new Map<ClusterView, T>();
  return (cluster) => {
    const known = made.get(cluster);
    if (known) return known;
    const value = make(cluster);
    made.set(cluster, value);
    return value;
  };
}
