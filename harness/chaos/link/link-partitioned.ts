import { z } from 'zod';
import { filterFault, proveCut } from './filter-fault.ts';
import { directionParameters } from './directions.ts';

/** Packets vanish, also those of connections that exist, as on a line that was cut. */
export const linkPartitioned = filterFault({
  id: 'link-partitioned',
  title: 'The link drops what it should forward: data, discovery or both, both ways or one',
  parameters: z.object(directionParameters),
  verdict: () => ({ kind: 'drop' }),
  prove: (of) => proveCut(of, 'silent'),
});

/** Whoever sends gets a RST, also on connections that exist, as from a firewall that lost its table. */
export const linkReset = filterFault({
  id: 'link-reset',
  title: 'The link answers connections with a reset, new ones and those that exist',
  parameters: z.object(directionParameters),
  verdict: () => ({ kind: 'reset' }),
  prove: (of) => proveCut(of, 'refused'),
});
