import { z } from 'zod';
import { sickFault, sickParameters } from '../sick-fault.ts';

/** They are ready, and their answers are of no use. */
export const podsFailing = sickFault({
  id: 'pods-failing',
  title: 'Pods of a service answer a share of the requests with an error',
  parameters: z.object({
    ...sickParameters,
    status: z.coerce.number().int().min(400).max(599).default(503).describe('The status they answer with.'),
  }),
  sickness: ({ percent, status }) => ({ abortPercent: percent, abortStatus: status }),
  shows: ({ status }, given) => status === given.status,
});
