import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { parameters } from '../parameters.ts';
import { podFault } from '../pod-faults.ts';
import { gatewayOf } from './gateway-of.ts';

/** As when the node dies that the gateway is on. */
export const gatewayDeleted = podFault({
  id: 'gateway-deleted',
  title: 'The pods of an east-west gateway are killed; others follow',
  disturbs: 'gateway',
  bounds: bounds.gateway,
  parameters: z.object({ cluster: parameters.cluster, count: parameters.count }),
  deployment: (mesh, { cluster }) => gatewayOf(mesh, cluster),
  how: 'killed',
});
