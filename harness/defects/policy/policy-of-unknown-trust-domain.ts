import { defineDefect } from '../defect.ts';
import { everywhere, istio, sharedService } from '../parts.ts';

export const policyOfUnknownTrustDomain = defineDefect({
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
});
