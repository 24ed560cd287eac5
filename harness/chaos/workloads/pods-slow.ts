import { z } from 'zod';
import { sickFault, sickParameters } from '../sick-fault.ts';

/** The head of an answer comes at once, the body takes its time. */
export const podsSlow = sickFault({
  id: 'pods-slow',
  title: 'Pods of a service send the bodies of a share of their answers at 1 KiB/s',
  parameters: z.object({
    ...sickParameters,
  }),
  sickness: ({ percent }) => ({ slowPercent: percent }),
  path: '/bytes/8192', // above what comes in the time that is waited
  shows: ({ status, ended }) => status === 200 && !ended,
});
