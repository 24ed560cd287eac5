import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { parameters } from '../parameters.ts';
import { podFault } from '../pod-faults.ts';

/** Pods are gone before anyone is told, as when a node dies. */
export const podsKilled = podFault({
  id: 'pods-killed',
  title: 'Pods of a service are killed without a grace period',
  disturbs: 'nothing',
  bounds: bounds.pods,
  parameters: z.object({ cluster: parameters.cluster, service: parameters.service, count: parameters.count }),
  deployment: ({ file }, { service }) => ({ namespace: file.namespace, name: service }),
  how: 'killed',
});
