import { z } from 'zod';
import { filterFault, proveCut } from './filter-fault.ts';
import { wayParameters } from './ways.ts';

/** Whoever sends gets a RST, also on connections that exist, as from a firewall that lost its table. */
export const linkReset = filterFault({
  id: 'link-reset',
  title: 'The link answers connections with a reset, new ones and those that exist',
  parameters: z.object(wayParameters),
  verdict: () => ({ kind: 'reset' }),
  prove: (of) => proveCut(of, 'refused'),
});
