import type { Defect } from '../defect.ts';
import { applied, everywhere, istio, pairOf, remoteService, settings, sharedService } from '../defect-builders.ts';

export const policyDefects: readonly Defect[] = [
  {
    id: 'policy-of-unknown-trust-domain',
    title: 'A policy names identities of a trust domain that no cluster has',
    family: 'policy',
    cause:
      'The trust domain was changed, or the policy was copied from another mesh: nobody can be whom it lets in.',
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
    family: 'policy',
    cause: 'The account was renamed. The policy should refuse it, and refuses nobody.',
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
    title: 'An AuthorizationPolicy is in one cluster alone',
    family: 'policy',
    cause:
      'It was applied to one of the clusters. The same call is denied by the pods of one cluster, and answered by those of the other.',
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
    title: 'A PeerAuthentication is in one cluster alone',
    family: 'policy',
    cause: 'Plain text is refused in one cluster, and taken in the other.',
    silent: true,
    break: (mesh) => [
      applied(pairOf(mesh).east, istio(mesh, 'PeerAuthentication', { mtls: { mode: 'STRICT' } })),
    ],
    findings: ['MP5101'],
    promises: [],
  },
  {
    id: 'identity-policy-without-mutual-tls',
    title: 'A policy judges callers by their identity, and mutual TLS is off',
    family: 'policy',
    cause: 'Mutual TLS was turned off for a service that a policy guards: nobody shows an identity any more.',
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
    title: 'Mutual TLS is off for pods that other networks call',
    family: 'policy',
    cause:
      'It was turned off for a client without a sidecar. Gateways find their way by the TLS handshake: other networks cannot call these pods any more.',
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
    title: 'Calls to unknown destinations are let out in one cluster alone',
    family: 'policy',
    cause: 'outboundTrafficPolicy was made strict in the mesh settings of one cluster.',
    silent: true,
    break: (mesh) => [
      settings(mesh, pairOf(mesh).east, { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } }),
    ],
    findings: ['MP5104'],
    promises: [],
  },
];
