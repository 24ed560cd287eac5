import { z } from 'zod';
import { sickFault, sickParameters } from '../sick-fault.ts';

/** Each late answer comes, after `delayMs`. */
export const podsLate = sickFault({
  id: 'pods-late',
  title: 'Pods of a service are late with a share of their answers',
  parameters: z.object({
    ...sickParameters,
    delayMs: z.coerce.number().int().min(50).max(600_000).default(1_000).describe('Milliseconds.'),
  }),
  sickness: ({ percent, delayMs }) => ({ delayPercent: percent, delayMs }),
  shows: ({ status, firstByteMs }, { delayMs }) => status === undefined || firstByteMs >= delayMs,
});
