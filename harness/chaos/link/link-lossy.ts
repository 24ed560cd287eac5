import { z } from 'zod';
import { timeouts } from '../../base/timeouts.ts';
import { acceptanceInterval, defaultAlpha } from '../../verdict/statistics.ts';
import type { Case } from '../fault.ts';
import { labOf, shell } from '../lab-containers.ts';
import { countedBy, filterFault } from './filter-fault.ts';
import { endsOf, directionParameters, passageText, type Passage } from './directions.ts';

/** Connections that are tried side by side to see packets lost: three packets each at least. */
const connections = 60;

/** Packets vanish by chance, each by itself (iptables' statistic module). */
export const linkLossy = filterFault({
  id: 'link-lossy',
  title: 'The link loses a share of the packets, by chance',
  parameters: z.object({
    ...directionParameters,
    percent: z.coerce.number().min(1).max(99).default(20).describe('Of the packets, 1 to 99.'),
  }),
  verdict: ({ percent }) => ({ kind: 'drop', share: percent / 100 }),
  prove: proveLoss,
});

/** The link's counters against a binomial distribution, at a false alarm of {@link defaultAlpha}. */
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
      `The link lost ${taken} of ${seen} packets, ${percent} % asked for: between ${least} and ${most} would do.`,
    );
  return `${passageText(passage)}: the link's counters show ${taken} of ${seen} packets lost, ${percent} % asked for`;
}
