import { defineDefect } from '../defect.ts';
import { changed, gatewayService, pairOf } from '../parts.ts';

export const gatewayWithoutPort = defineDefect({
  id: 'gateway-without-port',
  title: 'The east-west gateway lacks the port for other networks',
  family: 'network and gateways',
  cause: 'The ports of an ordinary ingress gateway were used.',
  silent: false,
  break: (mesh) => {
    const { east } = pairOf(mesh);
    return [
      changed(east, {
        op: 'merge',
        ...gatewayService(east),
        patch: { spec: { ports: [{ name: 'tls', port: 443, targetPort: 15443 }] } },
      }),
    ];
  },
  findings: ['MP3204'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
