import { defineDefect } from '../defect.ts';
import { pairOf, settings } from '../parts.ts';

export const selectorsHideWorkloads = defineDefect({
  id: 'selectors-hide-workloads',
  title: 'Discovery selectors leave out a namespace with workloads',
  family: 'discovery',
  cause: 'A namespace was made without the label that the selectors ask for.',
  silent: false,
  break: (mesh) => {
    const matchLabels = { 'kubernetes.io/metadata.name': mesh.rootNamespace };
    return [settings(mesh, pairOf(mesh).east, { discoverySelectors: [{ matchLabels }] })];
  },
  findings: ['MP2502'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
