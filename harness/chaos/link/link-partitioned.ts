import { z } from 'zod';
import { filterFault, proveCut } from './filter-fault.ts';
import { wayParameters } from './ways.ts';

/** Packets vanish, also those of connections that exist, as on a line that was cut. */
export const linkPartitioned = filterFault({
  id: 'link-partitioned',
  title: 'The link drops what it should forward: data, discovery or both, both ways or one',
  parameters: z.object(wayParameters),
  verdict: () => ({ kind: 'drop' }),
  prove: (of) => proveCut(of, 'silent'),
});
