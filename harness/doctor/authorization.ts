import type { ClusterView } from './cluster-view.ts';
import { labels, table, tables, text, texts } from './spec-reader.ts';

/** The conditions of a policy for callers. */
export interface AuthorizationRecord {
  namespace: string;
  name: string;
  action: string;
  selector: Record<string, string>;
  principals: string[];
  /** It matches by the identity in mutual TLS: principals, service accounts, or namespaces of the caller. */
  needsIdentity: boolean;
  rules: number;
}

const identityFields = [
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
  'serviceAccounts',
  'notServiceAccounts',
];

/** The AuthorizationPolicies of a cluster, as far as they can be read. */
export function authorizations(cluster: ClusterView): AuthorizationRecord[] {
  return enforced(cluster).map(({ namespace, name, spec }) => {
    const rules = tables(spec['rules']);
    const sources = rules.flatMap((rule) => tables(rule['from']).map((from) => table(from['source'])));
    const of = (field: string) => sources.flatMap((source) => texts(source[field]));
    return {
      namespace,
      name,
      action: text(spec['action']) ?? 'ALLOW',
      selector: labels(table(spec['selector'])['matchLabels']),
      principals: [...of('principals'), ...of('notPrincipals')],
      needsIdentity: identityFields.some((field) => of(field).length > 0),
      rules: rules.length,
    };
  });
}

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
