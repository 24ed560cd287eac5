import { authorizations, principalOf } from '../authorization.ts';
import type { Check, Sighting } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import { planeOf } from '../facts/callers.ts';
import {
  acceptsAsServer,
  domainsShown,
  rejectionOfDomain,
  type DomainRejection,
} from '../facts/trust-domains.ts';
import { certified } from '../facts/workload-certificates.ts';
import type { Severity } from '../finding.ts';
import type { MeshView } from '../mesh-view.ts';
import { perCluster, perItem, perPrimary } from '../per-cluster.ts';
import { restartIstiod } from '../remedies.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';
import type { ProxyRecord } from '../../snapshot/schema.ts';

const migration = 'https://istio.io/latest/docs/tasks/security/authorization/authz-td-migration/';

/** Each policy with the principals that it names. */
const named = ({ clusters }: MeshView) =>
  fromReadable(clusters, (cluster) =>
    authorizations(cluster).map((policy) => ({ cluster, policy, principals: policy.principals })),
  );

const differ: Check = {
  code: 'MP1201',
  title: 'Trust domains differ without an alias',
  severity: 'error',
  explanation:
    'A server accepts a client only if the trust domain of the client is its own, one of its `trustDomainAliases`, or a trust domain of its `caCertificates`. A client accepts a server only if its trust domain is its own or one of the aliases in the cluster of the client. Aliases help only in the cluster that has them. If the trust domain is configured but pods do not show it yet, the finding is a warning.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set "meshConfig.trustDomainAliases[0]=<trust domain of the peer>"',
  reference: migration,
  needs: ['installs', 'istiods', 'proxies', 'workloads'],
  explains: { subject: ['MP1205'] },
  run: perPrimary(function* (cluster, view) {
    yield* separately(view.clusters, function* (other) {
      if (other === cluster) return;
      // If both reject the other, report only the cluster that differs from the mesh file.
      const isExpected = cluster.trustDomain === view.snapshot.declared.trustDomain;
      if (isExpected && rejectionOfDomain(view, other, cluster)) return;
      const rejection = rejectionOfDomain(view, cluster, other);
      if (rejection) yield sightingOf(cluster, other, rejection);
    });
  }),
};

function sightingOf(
  { name, settings, systemNamespace }: ClusterView,
  other: ClusterView,
  { domain, accepted, directions, isShown }: DomainRejection,
): Omit<Sighting, 'cluster'> {
  const aliases = settings?.trustDomainAliases ?? [];
  const calls = firstFew(
    directions.map((one) =>
      one === 'in' ? `from ${other.name} to ${name}` : `from ${name} to ${other.name}`,
    ),
  ).replace(', ', ' and ');
  const effect = isShown ? `calls ${calls} fail` : `calls ${calls} fail after pods of ${other.name} restart`;
  return {
    ...(isShown ? {} : { severity: 'warning' }),
    peer: other.name,
    object: `ConfigMap ${systemNamespace}/istio`,
    subject: domain,
    evidence: [
      {
        what: `trust domain that ${isShown ? 'proxies of' : 'is set in'} ${other.name}${isShown ? ' show' : ''}`,
        seen: domain,
        expected: firstFew(accepted),
      },
    ],
    cause: `${name} accepts the trust domain ${firstFew(accepted)}, but ${other.name} has ${domain}, so ${effect}.`,
    remedy: `istioctl --context <cluster> install -f <operator.yaml> --set "meshConfig.trustDomainAliases[${aliases.length}]=${domain}"`,
  };
}

const idleAlias: Check = {
  code: 'MP1202',
  title: 'An alias names a trust domain that does not exist in the mesh',
  severity: 'info',
  explanation:
    'An alias accepts certificates of another trust domain. This alias is a typing error, or a leftover of a migration. Remove it when the migration is complete.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit configmap <name>   # trustDomainAliases',
  reference: migration,
  needs: ['installs', 'istiods', 'proxies'],
  isLeftover: true,
  run: perPrimary(function* (cluster, view) {
    const aliases = cluster.settings?.trustDomainAliases ?? [];
    if (aliases.length === 0) return;
    const known = new Set(view.everyCluster().map(({ trustDomain }) => trustDomain));
    if (aliases.every((alias) => known.has(alias))) return;
    const shown = view.everyCluster().flatMap((one) => {
      one.whole('proxies');
      return [...domainsShown(view, one).keys()];
    });
    const idle = aliases.filter((alias) => !known.has(alias) && !shown.includes(alias));
    if (idle.length > 0)
      yield {
        object: `ConfigMap ${cluster.systemNamespace}/istio`,
        evidence: [
          { what: 'trust domains of the clusters', seen: firstFew([...known]), expected: firstFew(idle) },
        ],
        cause: `${cluster.name} has aliases that are not the trust domain of any cluster: ${firstFew(idle)}.`,
      };
  }),
};

const foreignPrincipal: Check = {
  code: 'MP1203',
  title: 'A policy names identities of an unknown trust domain',
  severity: 'warning',
  explanation:
    'A principal is <trust domain>/ns/<namespace>/sa/<account>. If the mesh does not issue identities in its trust domain, it never matches. An ALLOW policy then denies its callers, and a DENY policy does not deny them. `cluster.local` always matches the trust domain of the cluster.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit authorizationpolicy <name>   # principals',
  reference: 'https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source',
  needs: ['resources', 'installs', 'istiods', 'proxies'],
  isLeftover: true,
  run: perItem(named, function* ({ cluster, policy, principals }, view) {
    if (principals.length === 0) return;
    const issued = issuedDomains(view, cluster);
    const foreign = principals.filter((one) => {
      const domain = principalOf(one)?.trustDomain;
      return domain !== undefined && !domain.includes('*') && !issued.has(domain);
    });
    if (foreign.length > 0)
      yield {
        object: `AuthorizationPolicy ${keyOf(policy)}`,
        subject: keyOf(policy),
        evidence: [{ what: 'trust domain', seen: firstFew(foreign), expected: firstFew([...issued]) }],
        cause: `${keyOf(policy)} in ${cluster.name} names identities that the mesh cannot issue: ${firstFew(foreign)}.`,
      };
  }),
};

/**
 * The trust domains that a policy of a cluster can match: those in which the mesh issues identities, and those that istiod of this
 * cluster replaces or accepts. Aliases of another cluster do not count: they do not change a policy of this cluster. Throws NotRead.
 */
const issuedDomains = (view: MeshView, { settings }: ClusterView): Set<string> =>
  new Set([
    'cluster.local',
    ...(settings?.trustDomainAliases ?? []),
    ...(settings?.caTrustDomains ?? []).flatMap(({ trustDomains }) => trustDomains),
    ...view.everyCluster().flatMap((one) => [one.trustDomain, ...domainsShown(view, one).keys()]),
  ]);

const unknownAccount: Check = {
  code: 'MP1204',
  title: 'A policy names a service account that does not exist',
  severity: 'warning',
  explanation:
    'The service account of a principal does not exist in any cluster, so the principal never matches. The policy allows or denies less than intended. Often a namespace or account was renamed in only some clusters.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit authorizationpolicy <name>   # principals',
  reference: 'https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source',
  needs: ['resources', 'serviceAccounts'],
  isLeftover: true,
  run: perItem(named, function* ({ cluster, policy, principals }, view) {
    if (principals.length === 0) return;
    const accounts = view.everyCluster().flatMap((one) => one.whole('serviceAccounts'));
    const known = new Set(accounts.map(keyOf));
    const absent = principals.filter((one) => {
      const { namespace, account } = principalOf(one) ?? {};
      if (namespace === undefined || account === undefined || `${namespace}${account}`.includes('*'))
        return false;
      return !known.has(`${namespace}/${account}`);
    });
    if (absent.length > 0)
      yield {
        object: `AuthorizationPolicy ${keyOf(policy)}`,
        subject: keyOf(policy),
        evidence: [
          {
            what: 'accounts that do not exist',
            seen: firstFew(absent.map((one) => one.split('/').slice(1).join('/'))),
            expected: 0,
          },
        ],
        cause: `${keyOf(policy)} in ${cluster.name} names service accounts that do not exist in any cluster: ${firstFew(absent)}.`,
      };
  }),
};

const staleIdentity: Check = {
  code: 'MP1205',
  title: 'Proxies have identities of an old trust domain',
  severity: 'warning',
  explanation:
    'The trust domain was changed, but these proxies still have certificates of the old one. Either istiod or the workloads were not restarted. The finding is an error if workloads reject the old trust domain, and an info if every cluster has it as an alias.',
  remedy: `${restartIstiod}\nkubectl --context <cluster> -n <namespace> rollout restart deployment`,
  reference: migration,
  needs: ['proxies', 'installs', 'istiods', 'workloads'],
  run: perCluster(function* (cluster, view) {
    const expected = planeOf(view, cluster)?.trustDomain;
    if (expected === undefined) return;
    const all = certified(view, cluster);
    for (const [domain, proxies] of domainsShown(view, cluster)) {
      const [first] = proxies;
      if (domain === expected || !first) continue;
      const rejecting = fromReadable(view.clusters, (one) =>
        acceptsAsServer(view, one, domain) === false ? [one.name] : [],
      );
      yield {
        severity: severityOfStale(proxies, rejecting),
        object: `Pod ${keyOf({ namespace: first.namespace, name: first.pod })}`,
        subject: domain,
        evidence: [
          { what: 'trust domain in the certificate', seen: domain, expected },
          { what: 'proxies with another trust domain', seen: proxies.length, expected: 0 },
          { what: 'clusters that reject it', seen: firstFew(rejecting) || 'none' },
        ],
        cause: `${proxies.length} of ${all.length} proxies of ${cluster.name} have identities in ${domain}, but its trust domain is ${expected}.`,
      };
    }
  }),
};

function severityOfStale(proxies: readonly ProxyRecord[], rejecting: readonly string[]): Severity {
  if (rejecting.length === 0) return 'info';
  return proxies.every(isPassthrough) ? 'warning' : 'error';
}

/** A gateway that passes TLS of other networks through, so its own identity is not in a call. */
const isPassthrough = ({ type, listeners }: ProxyRecord): boolean =>
  type === 'gateway' &&
  listeners.some(({ serverNames }) => serverNames.some((name) => name.startsWith('outbound_')));

export const trustDomainChecks = [differ, idleAlias, foreignPrincipal, unknownAccount, staleIdentity];
