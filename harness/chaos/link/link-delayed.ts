import { z } from 'zod';
import type { Case } from '../fault.ts';
import { connectAcross, attemptText } from './connections.ts';
import { queueFault, queueParameters, type QueueUndo } from './queue-fault.ts';

/** Delays packets; needs a kernel with netem. */
export const linkDelayed = queueFault({
  id: 'link-delayed',
  title: 'The link delays every packet (needs a kernel with netem)',
  parameters: z.object({
    ...queueParameters,
    delayMs: z.coerce
      .number()
      .int()
      .min(1)
      .max(400) // above that the connection of the proof times out
      .default(100)
      .describe('Milliseconds for each packet towards a cluster.'),
  }),
  discipline: ({ delayMs }) => `netem delay ${delayMs}ms`,
  prove: proveLate,
});

/** A connection takes a packet in each direction: with a delay at one interface, at least one delay. */
async function proveLate({
  mesh,
  parameters: { delayMs },
  undo: { passage },
}: Case<{ delayMs: number }, QueueUndo>): Promise<string> {
  const attempts = await connectAcross(mesh, passage);
  const early = attempts.filter(({ seen }) => seen.how !== 'answered' || seen.afterMs < delayMs);
  if (early.length > 0)
    throw new Error(`With packets ${delayMs} ms late: ${early.map(attemptText).join('; ')}.`);
  return `${attempts.map(attemptText).join('; ')}, ${delayMs} ms expected`;
}
