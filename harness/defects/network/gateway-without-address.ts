import { defineDefect } from '../defect.ts';
import { changed, gatewayService, pairOf } from '../parts.ts';

export const gatewayWithoutAddress = defineDefect({
  id: 'gateway-without-address',
  title: 'The east-west gateway has no address from outside',
  family: 'network and gateways',
  cause: 'No load balancer has taken the Service up: a quota, a missing controller, a wrong annotation.',
  silent: false,
  break: (mesh) => {
    const { east } = pairOf(mesh);
    return [
      changed(east, {
        op: 'merge-status',
        ...gatewayService(east),
        patch: { loadBalancer: { ingress: null } },
      }),
    ];
  },
  findings: ['MP3203'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
