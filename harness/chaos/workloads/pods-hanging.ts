import { z } from 'zod';
import { sickFault, sickParameters } from '../sick-fault.ts';

/** Connections stay open and nothing comes, for an hour. What hangs goes on hanging after healing. */
export const podsHanging = sickFault({
  id: 'pods-hanging',
  title: 'Pods of a service never answer a share of the requests',
  parameters: z.object({
    ...sickParameters,
  }),
  sickness: ({ percent }) => ({ hangPercent: percent }),
  shows: ({ status }) => status === undefined,
});
