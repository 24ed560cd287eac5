import type { ClusterView } from '../cluster-view.ts';
import { rulesOfCall, type DestinationRuleRecord } from '../destination-rules.ts';
import type { MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';

/** The namespaces of a cluster that have pods with a sidecar: each may have callers. Throws NotRead. */
export const clientNamespaces = (cluster: ClusterView): string[] => [
  ...new Set(
    cluster
      .whole('pods')
      .filter(({ sidecar }) => sidecar)
      .map(({ namespace }) => namespace),
  ),
];

/** Whether istiod applies a rule to calls of a service from any pod of the rule's cluster. Throws NotRead. */
export const isApplied = (
  cluster: ClusterView,
  rules: readonly DestinationRuleRecord[],
  rule: DestinationRuleRecord,
  { fqdn, namespace }: Pick<MeshService, 'fqdn' | 'namespace'>,
): boolean =>
  clientNamespaces(cluster).some((client) =>
    rulesOfCall(cluster, rules, { client, host: fqdn, owner: namespace }).includes(rule),
  );

/** Whether two clusters are on different networks, as far as that is known. */
export function areApart(view: MeshView, a: ClusterView, b: ClusterView): boolean {
  const [ofA, ofB] = [a, b].map(({ name }) => view.declaredNetwork(name));
  return ofA !== undefined && ofB !== undefined && ofA !== ofB;
}

/** The clusters on another network than a cluster in which a service has pods with a sidecar. */
export const apartFrom = (view: MeshView, cluster: ClusterView, { meshed }: MeshService): ClusterView[] =>
  meshed.filter((other) => areApart(view, cluster, other));
