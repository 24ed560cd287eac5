import { gatewayScaledToZero } from '../../chaos/gateways/gateway-scaled-to-zero.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const gatewayWithoutPods = defineDefect({
  id: 'gateway-without-pods',
  title: 'No pod of the east-west gateway runs',
  family: 'network and gateways',
  cause: 'It was scaled down, or its image cannot be pulled.',
  silent: false,
  break: (mesh) => [breakage(gatewayScaledToZero, { cluster: pairOf(mesh).east.name })],
  findings: ['MP3205'],
  where: { cluster: 'east' },
  promises: ['CON-02'],
});
