import { defineDefect } from '../defect.ts';
import { applied, istio, pairOf, sharedService } from '../parts.ts';

export const authorizationPoliciesDiffer = defineDefect({
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
});
