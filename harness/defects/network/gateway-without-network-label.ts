import { defineDefect } from '../defect.ts';
import { changed, gatewayService, networkLabel, pairOf } from '../parts.ts';

export const gatewayWithoutNetworkLabel = defineDefect({
  id: 'gateway-without-network-label',
  title: 'The Service of the east-west gateway has no network label',
  family: 'network and gateways',
  cause:
    'The gateway was installed by a chart or a Service of its own, without the label by which istiod knows it for a gateway.',
  silent: false,
  break: (mesh) => {
    const { east } = pairOf(mesh);
    return [
      changed(east, {
        op: 'merge',
        ...gatewayService(east),
        patch: { metadata: { labels: { [networkLabel]: null } } },
      }),
    ];
  },
  findings: ['MP3202'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
