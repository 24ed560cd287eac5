import type { Hash } from './kept.ts';
import type { ClusterSnapshot } from './schema.ts';

/** Keys of Istio, Kubernetes and meshproof, and those that charts give to every workload. */
const knownKey =
  /^(?:[\w.-]*\b(?:istio\.io|k8s\.io|kubernetes\.io|meshproof\.dev)\/.+|istio\/multiCluster|app|version|istio|istio-injection|istio-locality|name|release|component|k8s-app|pod-template-hash|controller-revision-hash)$/;

const parts = ['namespaces', 'services', 'pods', 'workloads', 'resources'] as const;
const selecting = new Set(['selector', 'matchLabels', 'sourceLabels']);
const withLabels = new Set(['subsets', 'workloadSelector']);

type Visit = (table: Record<string, unknown>, name: string, parent: string) => void;

/** Visits each table in a value with the name of its field and of the field above; elements of a list have the list's name. */
function visit(value: unknown, at: Visit, name = '', parent = ''): void {
  if (Array.isArray(value)) for (const each of value) visit(each, at, name, parent);
  else if (typeof value === 'object' && value !== null) {
    at(value as Record<string, unknown>, name, parent);
    for (const [key, each] of Object.entries(value)) visit(each, at, key, name);
  }
}

/**
 * Replaces the values of labels by hashes, in place, but for {@link knownKey} and the keys that a selector anywhere in the mesh
 * uses: those decide what belongs together.
 */
export function hashUnusedLabels(clusters: readonly ClusterSnapshot[], hash: Hash): void {
  const used = new Set<string>();
  for (const { services, workloads, resources, webhooks, installs, istiods } of clusters)
    visit({ services, workloads, resources, webhooks, installs, istiods }, (table, name, parent) => {
      if (selecting.has(name) || (name === 'labels' && withLabels.has(parent)))
        for (const key of Object.keys(table)) used.add(key);
      if (name === 'matchExpressions') used.add(String(table['key']));
      const { failoverPriority } = table;
      for (const key of Array.isArray(failoverPriority) ? (failoverPriority as unknown[]) : [])
        if (typeof key === 'string') used.add(key.replace(/=.*/, ''));
    });
  const done = new Set<object>();
  const unused = (key: string) => !used.has(key) && !knownKey.test(key);
  for (const cluster of clusters)
    for (const part of parts)
      visit(cluster[part], (table, name, parent) => {
        if (!/^(?:l|templateL)abels$/.test(name) || withLabels.has(parent) || done.has(table)) return;
        done.add(table);
        for (const key of Object.keys(table).filter(unused)) table[key] = hash(table[key]);
      });
}
