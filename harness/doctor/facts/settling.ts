import type { ProxyRecord } from '../../snapshot/schema.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { isYoung } from '../recent-changes.ts';

/** istiod sends again what a proxy did not acknowledge; a proxy that is behind for longer does not catch up by itself. */
const catchUpMs = 60_000;

type PodName = Pick<ProxyRecord, 'namespace' | 'pod'>;

/** Whether the pod of an istiod or of a proxy started a moment ago. Throws NotRead. */
export const isStarting = (view: MeshView, cluster: ClusterView, { namespace, pod }: PodName): boolean =>
  cluster.pods.in(namespace).some((one) => one.name === pod && isYoung(view, one));

/**
 * Whether a proxy may not have the endpoints of its istiods yet: the pod of an istiod or of the proxy started a moment ago, or the proxy
 * did not acknowledge the newest configuration. Throws NotRead.
 */
export function isSettling(
  view: MeshView,
  plane: ClusterView,
  cluster: ClusterView,
  proxy: ProxyRecord,
): boolean {
  const istiods = plane.seen('istiods');
  return (
    isStarting(view, cluster, proxy) ||
    istiods.some((istiod) => isStarting(view, plane, istiod)) ||
    istiods
      .flatMap(({ connected = [] }) => connected)
      .some(
        (one) =>
          one.proxy === `${proxy.pod}.${proxy.namespace}` &&
          one.stale.length > 0 &&
          one.oldestStaleMs < catchUpMs,
      )
  );
}
