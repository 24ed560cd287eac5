import type { PodRecord, ResourceRecord } from '../../snapshot/schema.ts';
import type { ClusterView } from '../cluster-view.ts';
import { matches } from '../selectors.ts';
import { labels, list, numeric, table, tables, text, texts, type Table } from '../spec-reader.ts';

/** The NetworkPolicies that restrict the connections to a pod. Without one, all connections are allowed. Throws NotRead. */
export const ingressPoliciesOf = (cluster: ClusterView, pod: PodRecord): ResourceRecord[] =>
  cluster
    .resources('NetworkPolicy')
    .filter(
      ({ namespace, spec }) =>
        namespace === pod.namespace &&
        restrictsIngress(spec) &&
        matches(selectorOf(spec['podSelector']), pod.labels),
    );

/** Every policy restricts ingress, if its types do not say otherwise. */
const restrictsIngress = ({ policyTypes }: Table): boolean =>
  list(policyTypes).length === 0 || list(policyTypes).includes('Ingress');

/** A label selector of any shape; empty: it selects everything. */
function selectorOf(value: unknown) {
  const selector = table(value);
  return {
    matchLabels: labels(selector['matchLabels']),
    matchExpressions: tables(selector['matchExpressions']).map((one) => ({
      key: text(one['key']) ?? '',
      operator: text(one['operator']) ?? '',
      values: texts(one['values']),
    })),
  };
}

/** Whether policies together let clients outside the cluster connect to a TCP port of a pod: one rule of one policy is enough. */
export const allowFromOutside = (
  policies: readonly ResourceRecord[],
  pod: PodRecord,
  port: number,
): boolean =>
  policies.some(({ spec }) =>
    tables(spec['ingress']).some((rule) => hasPort(rule, pod, port) && isFromOutside(rule)),
  );

function hasPort(rule: Table, pod: PodRecord, wanted: number): boolean {
  const ports = tables(rule['ports']);
  if (ports.length === 0) return true;
  const names = pod.containers.flatMap((one) =>
    one.ports.filter(({ port, protocol }) => port === wanted && protocol === 'TCP').map(({ name }) => name),
  );
  return ports.some(({ port, endPort, protocol }) => {
    if ((text(protocol) ?? 'TCP') !== 'TCP') return false;
    if (typeof port === 'string') return names.includes(port);
    const first = numeric(port);
    return first === undefined || (wanted >= first && wanted <= (numeric(endPort) ?? first));
  });
}

/** Clients outside the cluster have addresses only: selectors of pods and namespaces do not match them. */
function isFromOutside(rule: Table): boolean {
  const from = tables(rule['from']);
  return from.length === 0 || from.some(({ ipBlock }) => ipBlock !== undefined);
}
