import { defineDefect } from '../defect.ts';
import { changed, gatewayService, networkLabel, pairOf } from '../parts.ts';

export const gatewayOfAnotherNetwork = defineDefect({
  id: 'gateway-of-another-network',
  title: 'The east-west gateway is labelled with the network of another cluster',
  family: 'network and gateways',
  cause: 'The manifest of another cluster’s gateway was applied.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [
      changed(east, {
        op: 'merge',
        ...gatewayService(east),
        patch: { metadata: { labels: { [networkLabel]: west.network } } },
      }),
    ];
  },
  findings: ['MP3207'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
