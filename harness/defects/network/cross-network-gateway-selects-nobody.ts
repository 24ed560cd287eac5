import { defineDefect } from '../defect.ts';
import { changed, crossNetworkGateway, pairOf } from '../parts.ts';

export const crossNetworkGatewaySelectsNobody = defineDefect({
  id: 'cross-network-gateway-selects-nobody',
  title: 'The cross-network Gateway selects no pod',
  family: 'network and gateways',
  cause: 'The gateway was installed under another name, with other labels.',
  silent: false,
  break: (mesh) => {
    const patch = { spec: { selector: { istio: 'crossnetworkgateway' } } };
    return [changed(pairOf(mesh).east, { op: 'merge', ...crossNetworkGateway(mesh), patch })];
  },
  findings: ['MP3303'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
