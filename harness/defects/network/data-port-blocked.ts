import { linkPartitioned } from '../../chaos/link/link-partitioned.ts';
import { breakage, defineDefect } from '../defect.ts';

export const dataPortBlocked = defineDefect({
  id: 'data-port-blocked',
  title: 'Port 15443 is blocked between the networks',
  family: 'network and gateways',
  cause: 'A firewall or a security group drops what comes from another network.',
  silent: false,
  break: () => [breakage(linkPartitioned, { ports: 'data' })],
  findings: ['MP3401'],
  promises: ['CON-02'],
});
