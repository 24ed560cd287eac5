import { defineDefect } from '../defect.ts';
import { pairOf, settings } from '../parts.ts';

export const selectorsHideGateway = defineDefect({
  id: 'selectors-hide-gateway',
  title: 'Discovery selectors leave out the namespace of the east-west gateway',
  family: 'discovery',
  cause: 'Selectors were set for the namespaces of workloads; istio-system is no exception to them.',
  silent: false,
  break: (mesh) => {
    const matchLabels = { 'kubernetes.io/metadata.name': mesh.namespace };
    return [settings(mesh, pairOf(mesh).east, { discoverySelectors: [{ matchLabels }] })];
  },
  findings: ['MP2501'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
