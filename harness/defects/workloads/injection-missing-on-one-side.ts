import { defineDefect } from '../defect.ts';
import { namespaceLabels, pairOf } from '../parts.ts';

export const injectionMissingOnOneSide = defineDefect({
  id: 'injection-missing-on-one-side',
  title: 'A namespace gets sidecars in one cluster only',
  family: 'workloads and services',
  cause:
    'The label was forgotten when the namespace was made in the second cluster. Pods that are there keep their sidecars; the next ones have none.',
  silent: true,
  break: (mesh) => [namespaceLabels(pairOf(mesh).east, mesh.namespace, { 'istio-injection': null })],
  findings: ['MP6101'],
  where: { cluster: 'east' },
  promises: [],
});
