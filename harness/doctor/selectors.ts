import type { MeshSettings } from '../mesh/snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import { selects } from './pod-index.ts';

type LabelSelector = MeshSettings['discoverySelectors'][number];
type Labels = Readonly<Record<string, string>>;

/** Kubernetes' label selectors: all of their requirements have to hold. */
export function matches({ matchLabels, matchExpressions }: LabelSelector, labels: Labels): boolean {
  return (
    selects(matchLabels, labels) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      const listed = value !== undefined && values.includes(value);
      return operator === 'NotIn' ? !listed : listed;
    })
  );
}

/** Whether istiod looks at a namespace of a cluster: all, unless discovery selectors are set and none selects it. */
export function isDiscovered(cluster: ClusterView, namespace: string): boolean {
  const selectors = cluster.settings?.discoverySelectors ?? [];
  const labels = cluster.namespaces.get(namespace)?.labels ?? {};
  return selectors.length === 0 || selectors.some((selector) => matches(selector, labels));
}

/** Whether a sidecar would be put into a pod with these labels: some webhook takes its namespace and the pod. */
export function isInjected(cluster: ClusterView, namespace: string, podLabels: Labels = {}): boolean {
  const labels = cluster.namespaces.get(namespace)?.labels ?? {};
  return cluster.data.webhooks.some(
    ({ namespaceSelector, objectSelector }) =>
      matches(namespaceSelector, labels) && matches(objectSelector, podLabels),
  );
}
