import { protects, sourcesOf, type AuthorizationRecord } from '../authorization.ts';
import type { ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { tables, text, texts, type Table } from '../spec-reader.ts';

/** A workload of the mesh that may call: its trust domains are all that the mesh issues or accepts. */
interface Caller {
  namespace: string;
  account: string;
}

/** Whether a condition holds for a caller; undefined if the snapshot does not decide it. */
type Answer = boolean | undefined;

/** All must hold. */
const all = (answers: readonly Answer[]): Answer =>
  answers.includes(false) ? false : answers.includes(undefined) ? undefined : true;
/** One must hold. */
const any = (answers: readonly Answer[]): Answer =>
  answers.includes(true) ? true : answers.includes(undefined) ? undefined : false;
const not = (answer: Answer): Answer => (answer === undefined ? undefined : !answer);

/** Istio's patterns: exact, `*`, `prefix*` or `*suffix`. */
function fits(pattern: string, value: string): boolean {
  if (pattern === '*') return value !== '';
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') ? value.endsWith(pattern.slice(1)) : pattern === value;
}

/** Judges the sources of a policy for callers of the mesh. */
class CallerMatcher {
  readonly #domains: readonly string[];
  readonly #namespace: string;

  constructor(domains: readonly string[], namespace: string) {
    this.#domains = domains;
    this.#namespace = namespace;
  }

  matches(source: Table, caller: Caller): Answer {
    const known = Object.keys(source).filter((field) => texts(source[field]).length > 0);
    return all(known.map((field) => this.#field(field, texts(source[field]), caller)));
  }

  /** A condition of `when` for the identity of the caller; undefined for other conditions. */
  condition(condition: Table, caller: Caller): Answer {
    const field = /^source\.(principal|namespace|serviceAccount)$/.exec(text(condition['key']) ?? '')?.[1];
    if (field === undefined) return undefined;
    const [values, others] = [texts(condition['values']), texts(condition['notValues'])];
    return all([
      ...(values.length > 0 ? [this.#field(`${field}s`, values, caller)] : []),
      ...(others.length > 0 ? [not(this.#field(`${field}s`, others, caller))] : []),
    ]);
  }

  #field(field: string, patterns: readonly string[], caller: Caller): Answer {
    const negated = /^not([A-Z])(.*)$/.exec(field);
    if (negated) return not(this.#field(`${negated[1]?.toLowerCase()}${negated[2]}`, patterns, caller));
    const values = this.#valuesOf(field, caller);
    return values && patterns.some((pattern) => values.some((value) => fits(pattern, value)));
  }

  #valuesOf(field: string, { namespace, account }: Caller): string[] | undefined {
    if (field === 'principals') return this.#domains.map((one) => `${one}/ns/${namespace}/sa/${account}`);
    if (field === 'namespaces') return [namespace];
    if (field === 'serviceAccounts')
      return [`${namespace}/${account}`, ...(namespace === this.#namespace ? [account] : [])];
    return field === 'trustDomains' ? [...this.#domains] : undefined;
  }
}

/** Whether an operation is one that plain callers use: by method only. */
function isPlainOperation(to: Table): Answer {
  const operation = (to['operation'] ?? {}) as Table;
  const fields = Object.keys(operation).filter((field) => texts(operation[field]).length > 0);
  if (fields.some((field) => field !== 'methods')) return undefined;
  const methods = texts(operation['methods']);
  return methods.length === 0 || methods.some((one) => ['GET', 'POST', '*'].includes(one)) || undefined;
}

function ruleMatches(rule: Table, caller: Caller, matcher: CallerMatcher): Answer {
  const [sources, operations] = [sourcesOf(rule), tables(rule['to'])];
  return all([
    sources.length === 0 ? true : any(sources.map((source) => matcher.matches(source, caller))),
    operations.length === 0 ? true : any(operations.map(isPlainOperation)),
    ...tables(rule['when']).map((condition) => matcher.condition(condition, caller)),
  ]);
}

/** The accounts of the workloads with a sidecar in all clusters, each once. Throws NotRead. */
function callingAccounts(view: MeshView): Caller[] {
  const callers = new Map<string, Caller>();
  for (const cluster of view.everyCluster())
    for (const { sidecar, namespace, serviceAccount: account } of cluster.whole('pods'))
      if (sidecar) callers.set(`${namespace}/${account}`, { namespace, account });
  return [...callers.values()];
}

/** The trust domains of a cluster's policies: `cluster.local` stands for the cluster's own. Throws NotRead. */
const domainsOf = (view: MeshView): string[] => [
  ...new Set([
    'cluster.local',
    ...view.clusters.flatMap(({ trustDomain, settings }) => [
      trustDomain,
      ...(settings?.trustDomainAliases ?? []),
    ]),
  ]),
];

/**
 * Whether a policy certainly denies calls between workloads of the mesh: a DENY rule that matches a workload that exists, or an ALLOW
 * policy that matches none. Throws NotRead.
 */
export function deniesCallers(view: MeshView, policy: AuthorizationRecord): boolean {
  const matcher = new CallerMatcher(domainsOf(view), policy.namespace);
  const callers = callingAccounts(view);
  const answers = callers.map((caller) =>
    any(policy.rules.map((rule) => ruleMatches(rule, caller, matcher))),
  );
  if (policy.action === 'DENY') return answers.includes(true);
  return policy.action === 'ALLOW' && callers.length > 0 && answers.every((answer) => answer === false);
}

/** Whether a policy protects pods with a sidecar in a cluster. Throws NotRead. */
export const protectsAny = (cluster: ClusterView, policy: AuthorizationRecord): boolean =>
  cluster.whole('pods').some((pod) => pod.sidecar && protects(cluster, policy, pod));
