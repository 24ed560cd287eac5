import { authorizations, principalOf } from '../authorization.ts';
import type { Check } from '../check.ts';
import { keyOf, type ClusterView } from '../cluster-view.ts';
import type { MeshView } from '../mesh-view.ts';
import { perItem, perPrimary } from '../per-cluster.ts';
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
  title: 'Trust domains differ, and one is no alias of the other',
  severity: 'error',
  explanation:
    "A workload is named spiffe://<trust domain>/…. Clients check that the server's name is in their own trust domain or in one of `trustDomainAliases`, and policies match in the same way. Where two clusters have different trust domains without aliases, calls between them end in a certificate that is not accepted, or are denied.",
  remedy:
    'istioctl --context <cluster> install -f <operator.yaml> --set "meshConfig.trustDomainAliases[0]=<the other trust domain>"',
  reference: migration,
  needs: ['installs', 'istiods'],
  explains: { cluster: ['MP1203', 'MP1205'] },
  run: perPrimary(function* (cluster, view) {
    yield* separately(view.primaries, function* (other) {
      const aliases = cluster.settings?.trustDomainAliases ?? [];
      if (accepts(cluster, other) || cluster.install?.env['PILOT_SKIP_VALIDATE_TRUST_DOMAIN'] === 'true')
        return;
      // Where both refuse, the one that the mesh file does not expect is told of, once.
      const expected = view.snapshot.declared.trustDomain;
      if (!accepts(other, cluster) && cluster.trustDomain === expected) return;
      yield {
        peer: other.name,
        object: `ConfigMap ${cluster.systemNamespace}/istio`,
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
  title: 'An alias names a trust domain that no cluster has',
  severity: 'info',
  explanation:
    'An alias lets certificates of another trust domain in. One that no cluster of the mesh has is left over from a migration, or is misspelt. It is taken away when the migration is over.',
  remedy: 'kubectl --context <cluster> -n istio-system edit configmap istio   # trustDomainAliases',
  reference: migration,
  needs: ['installs', 'istiods'],
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
        cause: `${cluster.name} has aliases that are no cluster's trust domain: ${firstFew(idle)}.`,
      };
  }),
};

const foreignPrincipal: Check = {
  code: 'MP1203',
  title: 'A policy names identities of a trust domain that no cluster has',
  severity: 'warning',
  explanation:
    'A principal is <trust domain>/ns/<namespace>/sa/<account>. One of a trust domain that no cluster issues in matches nobody: an ALLOW policy denies those whom it means to let in, a DENY policy lets in those whom it means to refuse. `cluster.local` always stands for the own trust domain.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit authorizationpolicy <name>   # principals',
  reference: 'https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source',
  needs: ['resources', 'installs', 'istiods'],
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
        cause: `${keyOf(policy)} in ${cluster.name} names identities that no cluster can issue: ${firstFew(foreign)}.`,
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

const nobody: Check = {
  code: 'MP1204',
  title: 'A policy names a service account that no cluster has',
  severity: 'warning',
  explanation:
    'A principal whose service account stands in no cluster of the mesh can be issued to nobody. The policy does less, or more, than its author thinks; often the namespace or the account was renamed in some of the clusters only.',
  remedy: 'kubectl --context <cluster> -n <namespace> edit authorizationpolicy <name>   # principals',
  reference: 'https://istio.io/latest/docs/reference/config/security/authorization-policy/#Source',
  needs: ['resources', 'serviceAccounts'],
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
            what: 'accounts that no cluster has',
            seen: firstFew(absent.map((one) => one.split('/').slice(1).join('/'))),
            expected: 0,
          },
        ],
        cause: `${keyOf(policy)} in ${cluster.name} names service accounts that stand in no cluster: ${firstFew(absent)}.`,
      };
  }),
};

const staleIdentity: Check = {
  code: 'MP1205',
  title: 'Proxies show identities of another trust domain than the one that is set',
  severity: 'warning',
  explanation:
    'The trust domain was changed, and these proxies still show the old one: istiod was not restarted, or the workloads have not been since. Policies and other clusters that expect the new one refuse them.',
  remedy:
    'kubectl --context <cluster> -n istio-system rollout restart deployment istiod\nkubectl --context <cluster> -n <namespace> rollout restart deployment',
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
        evidence: [
          { what: 'trust domain that is shown', seen: first.domain, expected: cluster.trustDomain },
          { what: 'proxies with another', seen: others.length, expected: 0 },
        ],
        cause: `${others.length} of ${cluster.seen('proxies').length} proxies of ${cluster.name} are named in ${first.domain}, but its trust domain is ${cluster.trustDomain}.`,
      };
  }),
};

export const trustDomainChecks = [differ, idleAlias, foreignPrincipal, nobody, staleIdentity];
