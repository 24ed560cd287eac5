import { defineDefect } from '../defect.ts';
import { everywhere, istio, sharedService } from '../parts.ts';

export const policyOfUnknownAccount = defineDefect({
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
});
