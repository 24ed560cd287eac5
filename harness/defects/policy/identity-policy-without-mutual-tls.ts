import { defineDefect } from '../defect.ts';
import { everywhere, istio, sharedService } from '../parts.ts';

export const identityPolicyWithoutMutualTls = defineDefect({
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
});
