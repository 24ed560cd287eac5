import { defineDefect } from '../defect.ts';
import { namespaceLabels, networkLabel, pairOf } from '../parts.ts';

export const networkLabelMissing = defineDefect({
  id: 'network-label-missing',
  title: 'The namespace of istiod has lost its network label',
  family: 'network and gateways',
  cause: 'The namespace was made anew, or applied by a tool that removes labels it does not know.',
  silent: true,
  break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.rootNamespace, { [networkLabel]: null })],
  findings: ['MP3101'],
  where: { cluster: 'east' },
  promises: [],
});
