import { defineDefect } from '../defect.ts';
import { namespaceLabels, networkLabel, pairOf } from '../parts.ts';

export const networkLabelWrong = defineDefect({
  id: 'network-label-wrong',
  title: 'The namespace of istiod names a network that no cluster is on',
  family: 'network and gateways',
  cause: 'The name of a network was changed, or misspelt, in one place of several.',
  silent: true,
  break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.rootNamespace, { [networkLabel]: 'nowhere' })],
  findings: ['MP3102'],
  where: { cluster: 'east' },
  promises: [],
});
