import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { parameters } from '../parameters.ts';
import { podFault } from '../pod-faults.ts';

/** The pods are killed and none follow, until healed. */
export const podsScaledToZero = podFault({
  id: 'pods-scaled-to-zero',
  title: 'A service has no pod left in a cluster',
  disturbs: 'nothing',
  bounds: bounds.pods,
  parameters: z.object({ cluster: parameters.cluster, service: parameters.service }),
  deployment: ({ file }, { service }) => ({ namespace: file.namespace, name: service }),
  how: 'scaled-to-zero',
});
