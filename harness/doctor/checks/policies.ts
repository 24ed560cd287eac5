import type { Check } from '../check.ts';
import { differences, isMissed, sightingOf } from '../differences.ts';
import { canonical } from '../spec-reader.ts';
import { anyOf, fromReadable, separately } from '../unread.ts';

const same =
  'kubectl --context <cluster> -n <namespace> get <kind> <name> -o yaml   # in each cluster; apply the one that is meant to all';

/** Policies of one kind that are not the same everywhere; worth no more than knowing where nobody would fall under them. */
const differing = (kind: string, of: Omit<Check, 'run' | 'needs' | 'severity' | 'remedy'>): Check => ({
  ...of,
  severity: 'warning',
  remedy: same.replace('<kind>', kind.toLowerCase()),
  needs: ['resources', 'namespaces', 'pods', 'installs'],
  run: function* (view) {
    yield* separately(differences(view, kind), function* (one) {
      const example = one.have[0]?.resource;
      const matters =
        one.variants > 1 ||
        (example !== undefined && anyOf(one.lack, (cluster) => isMissed(cluster, example)));
      yield sightingOf(kind, one, matters);
    });
  },
});

const peerAuthentication = differing('PeerAuthentication', {
  code: 'MP5101',
  title: 'A PeerAuthentication is not the same in all clusters',
  explanation:
    'Each cluster enforces its own PeerAuthentications. Where one is missing or other, the same service takes plain text in one cluster and refuses it in another, so what works depends on which pod a caller meets.',
  reference: 'https://istio.io/latest/docs/reference/config/security/peer_authentication/',
});

const authorizationPolicy = differing('AuthorizationPolicy', {
  code: 'MP5102',
  title: 'An AuthorizationPolicy is not the same in all clusters',
  explanation:
    'Each cluster enforces its own AuthorizationPolicies at its own pods. Where one is missing or other, the same caller is let in by the pods of one cluster and denied by those of another: errors that come and go with load balancing, or a door that is open on one side.',
  reference: 'https://istio.io/latest/docs/reference/config/security/authorization-policy/',
});

const requestAuthentication = differing('RequestAuthentication', {
  code: 'MP5103',
  title: 'A RequestAuthentication is not the same in all clusters',
  explanation:
    'Each cluster checks tokens by its own RequestAuthentications. Where one is missing or other, a token is taken in one cluster, ignored or refused in another.',
  reference: 'https://istio.io/latest/docs/reference/config/security/request_authentication/',
});

/** Settings that decide what is let in or out; other differences between clusters are their own business. */
const securitySettings = [
  'outboundTrafficPolicy',
  'pathNormalization',
  'minTlsVersion',
  'enableAutoMtls',
] as const;
const defaults: Partial<Record<(typeof securitySettings)[number], unknown>> = {
  outboundTrafficPolicy: 'ALLOW_ANY',
  enableAutoMtls: true,
};

const settingsDiffer: Check = {
  code: 'MP5104',
  title: 'Mesh settings that decide what is let through differ between clusters',
  severity: 'warning',
  explanation:
    'The clusters of the mesh differ in a setting that decides which calls are let through: whether unknown destinations are, how paths are made plain before policies match them, the oldest TLS version, or automatic mutual TLS. A caller, or an attacker, meets the weaker of them.',
  remedy:
    'kubectl --context <cluster> -n istio-system get configmap istio -o jsonpath="{.data.mesh}"   # in each cluster; then install with the one that is meant',
  reference: 'https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/',
  needs: ['installs'],
  run: function* (view) {
    const [first, ...others] = fromReadable(view.primaries, (one) => (one.settings ? [one] : []));
    for (const cluster of first ? others : [])
      for (const field of securitySettings) {
        const [mine, theirs] = [cluster, first].map((one) =>
          canonical(one?.settings?.[field] ?? defaults[field]),
        );
        if (mine === theirs) continue;
        yield {
          cluster: cluster.name,
          peer: first?.name ?? '',
          object: `ConfigMap ${cluster.systemNamespace}/istio`,
          evidence: [{ what: field, seen: mine ?? 'unset', expected: `${theirs} as in ${first?.name}` }],
          cause: `${cluster.name} has ${field} ${mine}, ${first?.name} has ${theirs}.`,
        };
      }
  },
};

export const policyChecks = [peerAuthentication, authorizationPolicy, requestAuthentication, settingsDiffer];
