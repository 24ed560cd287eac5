import { defineDefect } from '../defect.ts';
import { crossNetworkServer, pairOf } from '../parts.ts';

export const crossNetworkGatewayWithAnotherMode = defineDefect({
  id: 'cross-network-gateway-with-another-mode',
  title: 'The cross-network Gateway passes TLS on by routes of its own',
  family: 'network and gateways',
  cause: 'PASSTHROUGH was taken for AUTO_PASSTHROUGH: it wants a route for each host, and there are none.',
  silent: false,
  break: (mesh) => [crossNetworkServer(mesh, pairOf(mesh).east, { mode: 'PASSTHROUGH' })],
  findings: ['MP3302'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
