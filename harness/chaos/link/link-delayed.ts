import { z } from 'zod';
import type { Case } from '../fault.ts';
import { connectAcross, attemptText } from './connections.ts';
import { queueFault, queueParameters, type QueueUndo } from './queue-fault.ts';

/** Packets are late; needs a kernel with netem. */
export const linkDelayed = queueFault({
  id: 'link-delayed',
  title: 'The link is late with every packet (needs a kernel with netem)',
  parameters: z.object({
    ...queueParameters,
    delayMs: z.coerce
      .number()
      .int()
      .min(1)
      .max(400) // beyond that the proof's own connection would not be answered in time
      .default(100)
      .describe('Milliseconds for each packet towards a cluster.'),
  }),
  discipline: ({ delayMs }) => `netem delay ${delayMs}ms`,
  prove: proveLate,
});

/** A connection takes one packet each direction: with one interface late, one delay at least. */
async function proveLate({
  mesh,
  parameters: { delayMs },
  undo: { passage },
}: Case<{ delayMs: number }, QueueUndo>): Promise<string> {
  const attempts = await connectAcross(mesh, passage);
  const early = attempts.filter(({ seen }) => seen.how !== 'answered' || seen.afterMs < delayMs);
  if (early.length > 0)
    throw new Error(`With packets ${delayMs} ms late: ${early.map(attemptText).join('; ')}.`);
  return `${attempts.map(attemptText).join('; ')}, ${delayMs} ms asked for`;
}
