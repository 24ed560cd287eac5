import { linkPartitioned } from '../../chaos/link/link-partitioned.ts';
import { breakage, defineDefect } from '../defect.ts';

export const discoveryPortBlocked = defineDefect({
  id: 'discovery-port-blocked',
  title: 'The API servers cannot be reached from the other network',
  family: 'network and gateways',
  cause: 'A firewall drops port 6443. istiod keeps what it has read; nothing is noticed until a pod moves.',
  silent: true,
  break: () => [breakage(linkPartitioned, { ports: 'discovery' })],
  findings: ['MP3404'],
  promises: [],
});
