import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const intermediateExpiresSoon = defineDefect({
  id: 'intermediate-expires-soon',
  title: 'The authority of a cluster expires within days',
  family: 'trust and identity',
  cause:
    'The last weeks in which an intermediate can be replaced without haste, and nothing else tells of them.',
  silent: true,
  break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'expires-soon' })],
  findings: ['MP1104'],
  where: { cluster: 'east' },
  promises: [],
});
