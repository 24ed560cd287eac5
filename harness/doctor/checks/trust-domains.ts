import { authorizations, principalOf } from '../authorization.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { perItem, perPrimary } from '../per-cluster.ts';
import { restartIstiod } from '../remedies.ts';
import { fromReadable, separately } from '../unread.ts';
import { firstFew } from '../format-values.ts';

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
    'Clients accept a server only if its trust domain is their own or one of `trustDomainAliases`. Policies match in the same way. If two clusters have different trust domains without aliases, calls between them fail or are denied.',
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set "meshConfig.trustDomainAliases[0]=<trust domain of the peer>"',
  reference: migration,
  needs: ['installs', 'istiods'],
  explains: { 'cluster and subject': ['MP1205'] },
  run: perPrimary(function* (cluster, view) {
    yield* separately(view.primaries, function* (other) {
      const aliases = cluster.settings?.trustDomainAliases ?? [];
      if (accepts(cluster, other) || cluster.install?.env['PILOT_SKIP_VALIDATE_TRUST_DOMAIN'] === 'true')
        return;
      // If both reject the other, report only the cluster that differs from the mesh file.
      const expected = view.snapshot.declared.trustDomain;
      if (!accepts(other, cluster) && cluster.trustDomain === expected) return;
      yield {
        peer: other.name,
        object: `ConfigMap ${cluster.systemNamespace}/istio`,
        covers: [expected, cluster.trustDomain, other.trustDomain],
        evidence: [
          {
            what: `trust domain of ${other.name}`,
            seen: other.trustDomain,
            expected: firstFew([cluster.trustDomain, ...aliases]),
          },
        ],
        cause: `${cluster.name} accepts the trust domain ${firstFew([cluster.trustDomain, ...aliases])}, but ${other.name} has ${other.trustDomain}.`,
      };
    });
  }),
};

const accepts = (cluster: ClusterView, other: ClusterView): boolean =>
  [cluster.trustDomain, ...(cluster.settings?.trustDomainAliases ?? [])].includes(other.trustDomain);

const idleAlias: Check = {
  code: 'MP1202',
  title: 'An alias names a trust domain that does not exist in the mesh',
  severity: 'info',
  explanation:
    'An alias accepts certificates of another trust domain. This alias is a typing error, or a leftover of a migration. Remove it when the migration is complete.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit configmap <name>   # trustDomainAliases',
  reference: migration,
  needs: ['installs', 'istiods'],
  isLeftover: true,
  run: perPrimary(function* (cluster, view) {
    const aliases = cluster.settings?.trustDomainAliases ?? [];
    if (aliases.length === 0) return;
    const known = new Set(view.everyCluster().map(({ trustDomain }) => trustDomain));
    const idle = aliases.filter((alias) => !known.has(alias));
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
  needs: ['resources', 'installs', 'istiods'],
  isLeftover: true,
  run: perItem(named, function* ({ cluster, policy, principals }, view) {
    if (principals.length === 0) return;
    const issued = issuedDomains(view);
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

/** The trust domains in which the clusters of the mesh issue or accept identities. Throws NotRead. */
const issuedDomains = (view: MeshView): Set<string> =>
  new Set([
    'cluster.local',
    ...view
      .everyCluster()
      .flatMap(({ trustDomain, settings }) => [trustDomain, ...(settings?.trustDomainAliases ?? [])]),
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
    'The trust domain was changed, but these proxies still have certificates of the old one. Either istiod or the workloads were not restarted. Policies and other clusters that expect the new trust domain reject them.',
  remedy: `${restartIstiod}\nkubectl --context <cluster> -n <namespace> rollout restart deployment`,
  reference: migration,
  needs: ['proxies', 'installs', 'istiods'],
  run: perPrimary(function* (cluster, view) {
    const others = cluster.seen('proxies').flatMap(({ namespace, pod, certificate }) => {
      const uri = view.certificate(certificate[0])?.uris.find((one) => one.startsWith('spiffe://'));
      const domain = uri?.slice('spiffe://'.length).split('/')[0];
      return domain === undefined || domain === cluster.trustDomain ? [] : [{ namespace, name: pod, domain }];
    });
    const first = others[0];
    if (first)
      yield {
        object: `Pod ${keyOf(first)}`,
        subject: [...new Set(others.map(({ domain }) => domain))],
        evidence: [
          { what: 'trust domain in the certificate', seen: first.domain, expected: cluster.trustDomain },
          { what: 'proxies with another trust domain', seen: others.length, expected: 0 },
        ],
        cause: `${others.length} of ${cluster.seen('proxies').length} proxies of ${cluster.name} have identities in ${first.domain}, but its trust domain is ${cluster.trustDomain}.`,
      };
  }),
};

export const trustDomainChecks = [differ, idleAlias, foreignPrincipal, unknownAccount, staleIdentity];
