import { defineDefect } from '../defect.ts';
import { namespaceLabels, pairOf } from '../parts.ts';

export const revisionThatIsGone = defineDefect({
  id: 'revision-that-is-gone',
  title: 'A namespace asks for a revision of Istio that is not there',
  family: 'workloads and services',
  cause:
    'An old revision was removed before its namespaces were moved. Pods that are there keep their sidecars; the next ones have none.',
  silent: true,
  break: (mesh) => {
    const labels = { 'istio-injection': null, 'istio.io/rev': '1-20' };
    return [namespaceLabels(pairOf(mesh).east, mesh.namespace, labels)];
  },
  findings: ['MP6103'],
  where: { cluster: 'east' },
  promises: [],
});
