import { defineDefect } from '../defect.ts';
import { pairOf, settings } from '../parts.ts';

export const outboundPoliciesDiffer = defineDefect({
  id: 'outbound-policies-differ',
  title: 'Calls to unknown destinations are let out in one cluster alone',
  family: 'policy',
  cause: 'outboundTrafficPolicy was made strict in the mesh settings of one cluster.',
  silent: true,
  break: (mesh) => [settings(mesh, pairOf(mesh).east, { outboundTrafficPolicy: { mode: 'REGISTRY_ONLY' } })],
  findings: ['MP5104'],
  promises: [],
});
