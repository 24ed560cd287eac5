import type { MeshSettings } from '../snapshot/schema.ts';
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

/** Whether istiod reads a namespace of a cluster: it does unless discovery selectors are set and none selects it. Throws NotRead. */
export function isDiscovered(cluster: ClusterView, namespace: string): boolean {
  const selectors = cluster.settings?.discoverySelectors ?? [];
  if (selectors.length === 0) return true;
  const labels = cluster.namespaces.get(namespace)?.labels ?? {};
  return selectors.some((selector) => matches(selector, labels));
}

/** Whether a webhook injects a sidecar into a pod with these labels in a namespace. Throws NotRead. */
export function isInjected(cluster: ClusterView, namespace: string, podLabels: Labels = {}): boolean {
  const labels = cluster.namespaces.get(namespace)?.labels ?? {};
  return cluster
    .whole('webhooks')
    .some(
      ({ namespaceSelector, objectSelector }) =>
        matches(namespaceSelector, labels) && matches(objectSelector, podLabels),
    );
}
