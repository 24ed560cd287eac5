import { defineDefect } from '../defect.ts';
import { namespaceLabels, networkLabel, pairOf } from '../parts.ts';

export const networkLabelOfAnotherCluster = defineDefect({
  id: 'network-label-of-another-cluster',
  title: 'Two clusters on separate networks name the same one',
  family: 'network and gateways',
  cause: 'A cluster was set up by copying the settings of another.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [namespaceLabels(east, mesh.rootNamespace, { [networkLabel]: west.network })];
  },
  findings: ['MP3103'],
  where: { cluster: 'east', peer: 'west' },
  promises: [],
});
