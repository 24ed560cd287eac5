import type { PodRecord, ServiceRecord } from '../snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';
import { selects } from './pod-index.ts';

/** Far above the time until every istiod knows a new pod (istiod debounces for up to 10 s). */
const youngMs = 60_000;

/** The pod is ready, is not being deleted, and is old enough for the whole mesh to know it. */
export const isSettled = (view: MeshView, pod: PodRecord): boolean =>
  pod.ready && pod.ip !== '' && pod.deletingSince === undefined && !isYoung(view, pod);

/** The pod was created a moment ago, or at an unknown time. */
export const isYoung = (view: MeshView, { createdAt }: PodRecord): boolean =>
  !(view.now - Date.parse(createdAt) >= youngMs);

/** Pods of a service start or stop at this moment: a pod is young or being deleted, or a rollout is under way. Throws NotRead. */
export const isChanging = (view: MeshView, cluster: ClusterView, service: ServiceRecord): boolean =>
  cluster.podsOf(service).some((pod) => pod.deletingSince !== undefined || isYoung(view, pod)) ||
  cluster
    .whole('workloads')
    .some(
      ({ namespace, templateLabels, wanted, current, updated, observed }) =>
        namespace === service.namespace &&
        selects(service.selector, templateLabels) &&
        (!observed || updated < wanted || current !== wanted),
    );
