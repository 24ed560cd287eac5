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

/**
 * Whether the istiods of a cluster read a namespace, in their own cluster or in another: they do unless their discovery selectors do not
 * select it. Throws NotRead.
 */
export function isDiscovered(reader: ClusterView, namespace: string, read = reader): boolean {
  const selectors = reader.settings?.discoverySelectors ?? [];
  if (selectors.length === 0) return true;
  const labels = read.namespaces.get(namespace)?.labels ?? {};
  return selectors.some((selector) => matches(selector, labels));
}

/** The namespaces of another cluster that the discovery selectors of a reader do not select. Throws NotRead. */
export const hiddenNamespaces = (reader: ClusterView, read: ClusterView): ReadonlySet<string> =>
  (reader.settings?.discoverySelectors ?? []).length === 0
    ? new Set()
    : new Set([...read.namespaces.keys()].filter((name) => !isDiscovered(reader, name, read)));

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
