import { z } from 'zod';
import { bounds } from '../bounds.ts';
import { parameters } from '../parameters.ts';
import { podFault } from '../workloads/pod-faults.ts';
import { gatewayOf, proveGatewayPort, requireOpen } from './gateway-port.ts';

/** Its address refuses connections until it is healed. Faults that leave a pod do not promise that. */
export const gatewayScaledToZero = podFault({
  id: 'gateway-scaled-to-zero',
  title: 'An east-west gateway has no pod left',
  disturbs: 'gateway',
  bounds: bounds.gateway,
  parameters: z.object({ cluster: parameters.cluster }),
  deployment: (mesh, { cluster }) => gatewayOf(mesh, cluster),
  how: 'scaled-to-zero',
  users: {
    requireServed: (mesh, { cluster }) => requireOpen(mesh, mesh.cluster(cluster)),
    proveLost: (mesh, { cluster }) =>
      proveGatewayPort(mesh, mesh.cluster(cluster), { open: false, withinMs: bounds.gateway.injectMs }),
    proveServed: (mesh, { cluster }) =>
      proveGatewayPort(mesh, mesh.cluster(cluster), { open: true, withinMs: bounds.gateway.healMs }),
  },
});

/** As when the node of the gateway dies. */
export const gatewayDeleted = podFault({
  id: 'gateway-deleted',
  title: 'The pods of an east-west gateway are killed and replaced',
  disturbs: 'gateway',
  bounds: bounds.gateway,
  parameters: z.object({ cluster: parameters.cluster, count: parameters.count }),
  deployment: (mesh, { cluster }) => gatewayOf(mesh, cluster),
  how: 'killed',
});
