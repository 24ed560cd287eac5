import type { ClusterView } from '../cluster-view.ts';
import { rulesOfCall, type DestinationRuleRecord } from '../destination-rules.ts';
import { keptFor } from '../kept.ts';
import type { MeshService } from '../mesh-services.ts';
import type { MeshView } from '../mesh-view.ts';
import { areApart } from './networks.ts';

/** The namespaces of a cluster that have pods with a sidecar: each may have callers. Throws NotRead. */
export const clientNamespaces = keptFor(
  (cluster: ClusterView) => cluster.whole('pods'),
  (cluster): readonly string[] => [
    ...new Set(
      cluster
        .whole('pods')
        .filter(({ sidecar }) => sidecar)
        .map(({ namespace }) => namespace),
    ),
  ],
);

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

/** The clusters on another network than a cluster in which a service has pods with a sidecar. */
export const apartFrom = (view: MeshView, cluster: ClusterView, { meshed }: MeshService): ClusterView[] =>
  meshed.filter((other) => areApart(view, cluster, other));
