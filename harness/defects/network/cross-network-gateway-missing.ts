import { defineDefect } from '../defect.ts';
import { changed, crossNetworkGateway, pairOf } from '../parts.ts';

export const crossNetworkGatewayMissing = defineDefect({
  id: 'cross-network-gateway-missing',
  title: 'No Gateway exposes the services of a cluster',
  family: 'network and gateways',
  cause: 'The last step of the installation, and the one that is most often forgotten.',
  silent: false,
  break: (mesh) => [changed(pairOf(mesh).east, { op: 'delete', ...crossNetworkGateway(mesh) })],
  findings: ['MP3301'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
