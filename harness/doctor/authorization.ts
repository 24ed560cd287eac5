import type { PodRecord } from '../snapshot/schema.ts';
import type { ClusterView } from './cluster-view.ts';
import { selects } from './pod-index.ts';
import { labels, table, tables, text, texts, type Table } from './spec-reader.ts';

/** The conditions of a policy for callers. */
export interface AuthorizationRecord {
  namespace: string;
  name: string;
  action: string;
  selector: Record<string, string>;
  principals: string[];
  /** It matches by the identity in mutual TLS: principals, service accounts, or namespaces of the caller. */
  needsIdentity: boolean;
  /** The policy applies to gateways, waypoints or Services that it names, not to the pods that a selector selects. */
  isAttached: boolean;
  rules: readonly Table[];
}

const identityFields = [
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
  'trustDomains',
  'notTrustDomains',
];

/** The keys of conditions that read the identity of the caller. */
const identityKeys = ['source.principal', 'source.namespace', 'source.serviceAccount', 'source.trustDomain'];

/** The AuthorizationPolicies of a cluster, as far as they can be read. */
export function authorizations(cluster: ClusterView): AuthorizationRecord[] {
  return enforced(cluster).map(({ namespace, name, spec }) => {
    const rules = tables(spec['rules']);
    const sources = rules.flatMap(sourcesOf);
    const of = (field: string) => sources.flatMap((source) => texts(source[field]));
    const conditions = rules.flatMap((rule) => tables(rule['when']));
    const ofCondition = (key: string) =>
      conditions
        .filter((one) => one['key'] === key)
        .flatMap((one) => [...texts(one['values']), ...texts(one['notValues'])]);
    return {
      namespace,
      name,
      action: text(spec['action']) ?? 'ALLOW',
      selector: labels(table(spec['selector'])['matchLabels']),
      principals: [...of('principals'), ...of('notPrincipals'), ...ofCondition('source.principal')],
      needsIdentity:
        identityFields.some((field) => of(field).length > 0) ||
        identityKeys.some((key) => ofCondition(key).length > 0),
      isAttached: tables(spec['targetRefs']).length > 0 || spec['targetRef'] !== undefined,
      rules,
    };
  });
}

/** The sources of a rule. */
export const sourcesOf = (rule: Table): Table[] => tables(rule['from']).map((from) => table(from['source']));

/** Whether a policy applies to a pod of its cluster: the root namespace's to every namespace. Throws NotRead. */
export const protects = (
  cluster: ClusterView,
  { namespace, selector, isAttached }: Pick<AuthorizationRecord, 'namespace' | 'selector' | 'isAttached'>,
  pod: PodRecord,
): boolean =>
  !isAttached &&
  (namespace === pod.namespace || namespace === cluster.rootNamespace) &&
  selects(selector, pod.labels);

/** The parts of a principal `<trust domain>/ns/<namespace>/sa/<account>`; undefined for `*` and other patterns. */
export function principalOf(
  principal: string,
): { trustDomain: string; namespace: string; account: string } | undefined {
  const [, trustDomain, namespace, account] = /^([^/]+)\/ns\/([^/]+)\/sa\/(.+)$/.exec(principal) ?? [];
  return trustDomain === undefined || namespace === undefined || account === undefined
    ? undefined
    : { trustDomain, namespace, account };
}

/** istiod does not enforce a policy with the annotation of a dry run; proxies log the decision only. */
const enforced = (cluster: ClusterView) =>
  cluster
    .resources('AuthorizationPolicy')
    .filter(({ annotations }) => !/^(?:1|t|true)$/i.test(annotations?.['istio.io/dry-run'] ?? ''));
