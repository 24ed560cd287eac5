import { z } from 'zod';
import { filterFault, proveCut } from './filter-fault.ts';
import { directionParameters } from './directions.ts';

/** Drops packets, also of existing connections, as a cut line does. */
export const linkPartitioned = filterFault({
  id: 'link-partitioned',
  title: 'The link drops what it should forward: data, discovery or both, in both directions or one',
  parameters: z.object(directionParameters),
  verdict: () => ({ kind: 'drop' }),
  prove: (of) => proveCut(of, 'silent'),
});

/** Answers with a RST, also on existing connections, as a firewall that lost its table. */
export const linkReset = filterFault({
  id: 'link-reset',
  title: 'The link answers connections with a reset, new and existing ones',
  parameters: z.object(directionParameters),
  verdict: () => ({ kind: 'reset' }),
  prove: (of) => proveCut(of, 'refused'),
});
