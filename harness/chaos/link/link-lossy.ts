import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { acceptanceInterval, defaultAlpha } from '../../verdict/statistics.ts';
import type { Case } from '../fault.ts';
import { labOf, shell } from '../lab-containers.ts';
import { countedBy, filterFault } from './filter-fault.ts';
import { endsOf, directionParameters, passageText, type Passage } from './directions.ts';

/** The number of concurrent connections that show the loss: each has at least three packets. */
const connections = 60;

/** Drops packets at random, each independently (statistic module of iptables). */
export const linkLossy = filterFault({
  id: 'link-lossy',
  title: 'The link drops a share of the packets at random',
  parameters: z.object({
    ...directionParameters,
    percent: z.coerce.number().min(1).max(99).default(20).describe('Of the packets, 1 to 99.'),
  }),
  verdict: ({ percent }) => ({ kind: 'drop', share: percent / 100 }),
  prove: proveLoss,
});

/** Tests the counters of the link against a binomial distribution, with a false alarm of {@link defaultAlpha}. */
async function proveLoss({
  mesh,
  id,
  parameters: { percent },
  undo: { passage },
}: Case<{ percent: number }, { passage: Passage }>): Promise<string> {
  const lab = labOf(mesh);
  for (const direction of passage.ways) {
    const { container, address } = await endsOf(lab, direction);
    const one = `timeout ${timeouts.linkConnectMs / 1000} bash -c 'exec 3<>/dev/tcp/$0/$1' $1 $2 2>/dev/null &`;
    const all = `for i in $(seq ${connections}); do ${one} done; wait`;
    await shell(lab, container, all, address, String(passage.ports[0]));
  }
  const { seen, taken } = await countedBy(mesh, id);
  const [least, most] = acceptanceInterval(seen, percent / 100, defaultAlpha);
  if (taken < Math.max(1, least) || taken > most)
    throw new Error(
      `The link lost ${taken} of ${seen} packets, ${percent} % expected: between ${least} and ${most}.`,
    );
  return `${passageText(passage)}: the link's counters show ${taken} of ${seen} packets lost, ${percent} % expected`;
}
