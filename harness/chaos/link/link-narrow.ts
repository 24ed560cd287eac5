import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import type { Case } from '../fault.ts';
import { controlPlaneOf, labOf, nodeAddress, shell } from '../lab-containers.ts';
import { queueCounts, queueFault, queueParameters, directionOutOf, type QueueUndo } from './queue-fault.ts';

/** Bytes that may pass at once. Packets that would wait longer than the limit are dropped (tc-tbf(8)). */
const burstBytes = 4_000;
const waitMs = 400;

/** Queues packets above a rate: a token bucket filter. */
export const linkNarrow = queueFault({
  id: 'link-narrow',
  title: 'The link forwards at most a rate, all ports together',
  parameters: z.object({
    ...queueParameters,
    kbitPerSecond: z.coerce
      .number()
      .int()
      .min(64)
      .max(10_000)
      .default(1_000)
      .describe('Kilobits a second, towards each cluster.'),
  }),
  discipline: ({ kbitPerSecond }) => `tbf rate ${kbitPerSecond}kbit burst ${burstBytes} latency ${waitMs}ms`,
  prove: proveNarrow,
});

/**
 * Reads the counters of the queue under more load than may pass: small answers of an API server across the link, over
 * one connection. The passed bytes may exceed the rate by one burst, and by the clock of the shell.
 */
async function proveNarrow({
  mesh,
  parameters: { kbitPerSecond },
  undo: { passage, interfaces },
}: Case<{ kbitPerSecond: number }, QueueUndo>): Promise<string> {
  const lab = labOf(mesh);
  const seen = [];
  for (const device of interfaces) {
    const { from, to } = directionOutOf(passage, device);
    const before = await queueCounts(lab, device);
    const server = await nodeAddress(lab, from);
    const seconds = String(timeouts.linkConnectMs / 1000);
    const ask = 'timeout "$1" curl -sk -o /dev/null "https://$2:6443/version?[1-5000]" || true';
    const clock = 'b=$(date +%s%N); ';
    const client = await controlPlaneOf(lab, to);
    const ms = Number(
      await shell(lab, client, `${clock}${ask}; echo $((($(date +%s%N) - b) / 1000000))`, seconds, server),
    );
    const after = await queueCounts(lab, device);
    const bytes = after.bytes - before.bytes;
    const kbit = ((Math.max(0, bytes - burstBytes) * 8) / ms).toFixed(0);
    const heldBack = after.heldBack - before.heldBack;
    if (heldBack === 0 || Number(kbit) > 1.2 * kbitPerSecond)
      throw new Error(
        `Towards ${to} ${kbit} kbit/s passed the link, ${kbitPerSecond} are allowed; ${heldBack} packets were held back.`,
      );
    seen.push(`towards ${to} ${kbit} of ${kbitPerSecond} kbit/s passed, ${heldBack} packets held back`);
  }
  return `${seen.join('; ')} (counters of the link's queue)`;
}
