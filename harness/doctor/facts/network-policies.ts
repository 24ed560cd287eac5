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

/** The clients outside the cluster that policies let connect: all, those of the ranges of addresses, or none. */
export type AllowedFrom = 'anywhere' | 'ranges' | 'nowhere';

/** The clients outside the cluster that may connect to a TCP port of a pod. Policies add up: one rule of one policy is enough. */
export function allowedFrom(policies: readonly ResourceRecord[], pod: PodRecord, port: number): AllowedFrom {
  const rules = policies
    .flatMap(({ spec }) => tables(spec['ingress']))
    .filter((rule) => hasPort(rule, pod, port));
  // Clients outside the cluster have addresses only: selectors of pods and namespaces do not match them.
  const ranges = rules.flatMap(({ from }) =>
    tables(from).flatMap(({ ipBlock }) => (ipBlock ? [table(ipBlock)] : [])),
  );
  const isOpen = ({ cidr, except }: Table) =>
    /^(?:0\.0\.0\.0|::)\/0$/.test(text(cidr) ?? '') && list(except).length === 0;
  if (rules.some(({ from }) => list(from).length === 0) || ranges.some(isOpen)) return 'anywhere';
  return ranges.length > 0 ? 'ranges' : 'nowhere';
}

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
