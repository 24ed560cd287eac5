import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { parameters } from '../parameters.ts';
import { podFault } from '../pod-faults.ts';
import { gatewayOf } from './gateway-of.ts';

/** Its address is refused until it is healed. */
export const gatewayScaledToZero = podFault({
  id: 'gateway-scaled-to-zero',
  title: 'An east-west gateway has no pod left',
  disturbs: 'gateway',
  bounds: bounds.gateway,
  parameters: z.object({ cluster: parameters.cluster }),
  deployment: (mesh, { cluster }) => gatewayOf(mesh, cluster),
  how: 'scaled-to-zero',
});
