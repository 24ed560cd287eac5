import { defineDefect } from '../defect.ts';
import { crossNetworkServer, pairOf } from '../parts.ts';

export const crossNetworkGatewayOnAnotherPort = defineDefect({
  id: 'cross-network-gateway-on-another-port',
  title: 'The cross-network Gateway is on a port that nobody calls',
  family: 'network and gateways',
  cause: 'The port of an ordinary TLS gateway was used.',
  silent: false,
  break: (mesh) => [crossNetworkServer(mesh, pairOf(mesh).east, { port: 443 })],
  findings: ['MP3305'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
