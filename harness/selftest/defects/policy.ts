import { inFamily } from '../defect.ts';
import {
  applied,
  everywhere,
  istio,
  pairOf,
  remoteService,
  settings,
  sharedService,
} from '../defect-builders.ts';

export const policyDefects = inFamily('policy', [
  {
    id: 'policy-of-unknown-trust-domain',
    title: 'A policy names identities of a trust domain that no cluster has',
    cause:
      'The trust domain was changed, or the policy was copied from another mesh. A caller can never match it.',
    silent: false,
    break: (mesh) => {
      const principals = [`old.example/ns/${mesh.namespace}/sa/webapp`];
      const selector = { matchLabels: { app: sharedService(mesh) } };
      const spec = { selector, action: 'ALLOW', rules: [{ from: [{ source: { principals } }] }] };
      return everywhere(mesh, istio(mesh, 'AuthorizationPolicy', spec));
    },
    findings: ['MP1203'],
    promises: ['CON-01'],
  },
  {
    id: 'policy-of-unknown-account',
    title: 'A policy names a service account that no cluster has',
    cause: 'The account was renamed. The policy was written to deny it, and now matches no caller.',
    silent: true,
    break: (mesh) => {
      const principals = [`cluster.local/ns/${mesh.namespace}/sa/retired`];
      const selector = { matchLabels: { app: sharedService(mesh) } };
      const spec = { selector, action: 'DENY', rules: [{ from: [{ source: { principals } }] }] };
      return everywhere(mesh, istio(mesh, 'AuthorizationPolicy', spec));
    },
    findings: ['MP1204'],
    promises: [],
  },
  {
    id: 'authorization-policies-differ',
    title: 'An AuthorizationPolicy exists in one cluster only',
    cause:
      'The policy was applied to one cluster. Pods of this cluster deny a call that pods of the other cluster accept.',
    silent: false,
    break: (mesh) => {
      const selector = { matchLabels: { app: sharedService(mesh) } };
      const spec = { selector, action: 'DENY', rules: [{ to: [{ operation: { methods: ['GET'] } }] }] };
      return [applied(pairOf(mesh).east, istio(mesh, 'AuthorizationPolicy', spec))];
    },
    findings: ['MP5102'],
    promises: ['CON-03'],
  },
  {
    id: 'peer-authentications-differ',
    title: 'A PeerAuthentication exists in one cluster only',
    cause: 'One cluster rejects plain text, and the other cluster accepts it.',
    silent: true,
    break: (mesh) => [
      applied(pairOf(mesh).east, istio(mesh, 'PeerAuthentication', { mtls: { mode: 'STRICT' } })),
    ],
    findings: ['MP5101'],
    promises: [],
  },
  {
    id: 'identity-policy-without-mutual-tls',
    title: 'A policy requires the identity of callers, but mutual TLS is off',
    cause:
      'Mutual TLS was turned off for a service with such a policy. Callers no longer present an identity.',
    silent: false,
    break: (mesh) => {
      const selector = { matchLabels: { app: sharedService(mesh) } };
      const principals = [`cluster.local/ns/${mesh.namespace}/sa/*`];
      const allow = { selector, action: 'ALLOW', rules: [{ from: [{ source: { principals } }] }] };
      return everywhere(
        mesh,
        istio(mesh, 'AuthorizationPolicy', allow),
        istio(mesh, 'PeerAuthentication', { selector, mtls: { mode: 'DISABLE' } }),
      );
    },
    findings: ['MP5201'],
    promises: ['CON-01'],
  },
  {
    id: 'mutual-tls-off-across-networks',
    title: 'Mutual TLS is off for pods that clients on other networks call',
    cause:
      'Mutual TLS was turned off for a client without a sidecar. East-west gateways route by the SNI of the TLS handshake, so other networks cannot call these pods.',
    silent: false,
    break: (mesh) => {
      const selector = { matchLabels: { app: remoteService(mesh, pairOf(mesh).west) } };
      const spec = { selector, mtls: { mode: 'DISABLE' } };
      return everywhere(mesh, istio(mesh, 'PeerAuthentication', spec));
    },
    findings: ['MP5202'],
    promises: ['CON-02'],
  },
  {
    id: 'outbound-policies-differ',
    title: 'Only one cluster allows calls to unknown destinations',
    cause: 'outboundTrafficPolicy was set to REGISTRY_ONLY in the mesh settings of one cluster.',
    silent: true,
    break: (mesh) => [
      settings(mesh, pairOf(mesh).east, { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }),
    ],
    findings: ['MP5104'],
    promises: [],
  },
]);
