import type { MeshSettings } from '../../snapshot/schema.ts';
import type { Check } from '../check.ts';
import { differenceCheck } from '../differences.ts';
import {
  comparedAuthentications,
  comparedAuthorizations,
  comparedTokens,
} from '../facts/differing-policies.ts';
import { canonical } from '../spec-reader.ts';
import { fromReadable } from '../unread.ts';

const peerAuthentication = differenceCheck(comparedAuthentications, {
  code: 'MP5101',
  title: 'A PeerAuthentication is not the same in all clusters',
  explanation:
    'Each cluster enforces its own PeerAuthentications. If a PeerAuthentication is missing or different in one cluster, the same service accepts plain text there and rejects it elsewhere. The result of a call then depends on the pod that gets it.',
  reference: 'https://istio.io/latest/docs/reference/config/security/peer_authentication/',
});

const authorizationPolicy = differenceCheck(comparedAuthorizations, {
  code: 'MP5102',
  title: 'An AuthorizationPolicy is not the same in all clusters',
  explanation:
    'Each cluster enforces its own AuthorizationPolicies at its own pods. If a policy is missing or different in one cluster, the pods of one cluster allow a caller that the pods of another cluster deny. Errors come and go with load balancing, or one cluster lets in callers that it should not. If the policy denies workloads of the mesh in one cluster and the service has pods elsewhere, the finding is an error.',
  reference: 'https://istio.io/latest/docs/reference/config/security/authorization-policy/',
  // The policy in one cluster only is the cause: the callers that it names are judged when it is in all.
  explains: { subject: ['MP1204'] },
});

const requestAuthentication = differenceCheck(comparedTokens, {
  code: 'MP5103',
  title: 'A RequestAuthentication is not the same in all clusters',
  explanation:
    'Each cluster validates tokens by its own RequestAuthentications. If one is missing or different, one cluster accepts a token that another cluster ignores or rejects.',
  reference: 'https://istio.io/latest/docs/reference/config/security/request_authentication/',
});

/** The settings that decide which calls are allowed; other settings may differ between clusters. */
const securitySettings = [
  'outboundTrafficPolicy',
  'pathNormalization',
  'minTlsVersion',
  'enableAutoMtls',
] as const;
const defaults: Partial<Record<(typeof securitySettings)[number], unknown>> = {
  outboundTrafficPolicy: 'ALLOW_ANY',
  enableAutoMtls: true,
  pathNormalization: 'BASE',
  minTlsVersion: 'TLSV1_2',
};
/** Values that stand for the default. */
const sameAsDefault = new Set<unknown>([undefined, 'DEFAULT', 'TLS_AUTO']);

/** The value of a setting that is in force. */
const inForce = (settings: MeshSettings | undefined, field: (typeof securitySettings)[number]): string => {
  const value = settings?.[field];
  return canonical(sameAsDefault.has(value) ? defaults[field] : value);
};

const settingsDiffer: Check = {
  code: 'MP5104',
  title: 'Mesh settings that decide which calls are allowed differ between clusters',
  severity: 'warning',
  explanation:
    'The clusters of the mesh differ in a setting that decides which calls are allowed: calls to unknown destinations, the normalization of paths before policies match them, the oldest TLS version, or automatic mutual TLS. A caller, or an attacker, can use the weakest of them.',
  remedy:
    'kubectl --context <cluster> -n istio-system get configmap istio -o jsonpath="{.data.mesh}"   # in each cluster; apply the intended one to all',
  reference: 'https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/',
  needs: ['installs'],
  run: function* (view) {
    const [first, ...others] = fromReadable(view.primaries, (one) => (one.settings ? [one] : []));
    for (const cluster of first ? others : [])
      for (const field of securitySettings) {
        const [own, usual] = [cluster, first].map((one) => inForce(one?.settings, field));
        if (own === usual) continue;
        yield {
          cluster: cluster.name,
          peer: first?.name ?? '',
          object: `ConfigMap ${cluster.systemNamespace}/istio`,
          evidence: [{ what: field, seen: own ?? 'unset', expected: `${usual} as in ${first?.name}` }],
          cause: `${cluster.name} has ${field} ${own}, ${first?.name} has ${usual}.`,
        };
      }
  },
};

export const policyChecks = [peerAuthentication, authorizationPolicy, requestAuthentication, settingsDiffer];
