import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const intermediateNotServed = defineDefect({
  id: 'intermediate-not-served',
  title: 'A new authority is in cacerts, and nobody has a certificate of it',
  family: 'trust and identity',
  cause:
    'The Secret was replaced as the documentation says, and istiod and the workloads were not restarted.',
  silent: true,
  break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'rotated' })],
  findings: ['MP1107'],
  where: { cluster: 'east' },
  promises: [],
});
