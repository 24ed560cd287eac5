import type { PodRecord, ServiceRecord } from '../mesh/snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import type { MeshView } from './mesh-view.ts';
import { selects } from './pod-index.ts';

/** Far above what a new pod takes to every istiod (it debounces for up to 10 s): below it, nothing is missing yet. */
const youngMs = 60_000;

/** A pod that has been ready for long enough for all of the mesh to know of it, and that is not leaving. */
export const isSettled = (view: MeshView, pod: PodRecord): boolean =>
  pod.ready && pod.ip !== '' && pod.deletingSince === undefined && !isYoung(view, pod);

/** Made a moment ago, or at a moment that nobody knows. */
export const isYoung = (view: MeshView, { createdAt }: PodRecord): boolean =>
  !(view.now - Date.parse(createdAt) >= youngMs);

/** Pods of a service come or go at this moment: one is young or leaving, or a rollout of those that it selects is under way. */
export const isMoving = (view: MeshView, cluster: ClusterView, service: ServiceRecord): boolean =>
  cluster.podsOf(service).some((pod) => pod.deletingSince !== undefined || isYoung(view, pod)) ||
  cluster.data.workloads.some(
    ({ namespace, templateLabels, wanted, current, updated, observed }) =>
      namespace === service.namespace &&
      selects(service.selector, templateLabels) &&
      (!observed || updated < wanted || current !== wanted),
  );
