import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { parameters } from '../parameters.ts';
import { podFault } from '../pod-faults.ts';

/** Pods leave as in a rollout: they are told, and endpoints are taken away while they still answer. */
export const podsDeleted = podFault({
  id: 'pods-deleted',
  title: 'Pods of a service are deleted and have their grace period',
  disturbs: 'nothing',
  bounds: bounds.pods,
  parameters: z.object({ cluster: parameters.cluster, service: parameters.service, count: parameters.count }),
  deployment: ({ file }, { service }) => ({ namespace: file.namespace, name: service }),
  how: 'deleted',
});
