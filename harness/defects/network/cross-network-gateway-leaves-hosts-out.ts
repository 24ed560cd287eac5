import { defineDefect } from '../defect.ts';
import { crossNetworkServer, pairOf } from '../parts.ts';

export const crossNetworkGatewayLeavesHostsOut = defineDefect({
  id: 'cross-network-gateway-leaves-hosts-out',
  title: 'The hosts of the cross-network Gateway leave the services out',
  family: 'network and gateways',
  cause: 'Hosts were narrowed to the services of one team.',
  silent: false,
  break: (mesh) => [
    crossNetworkServer(mesh, pairOf(mesh).east, { hosts: ['*.elsewhere.svc.cluster.local'] }),
  ],
  findings: ['MP3304'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
