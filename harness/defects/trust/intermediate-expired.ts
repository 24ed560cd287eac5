import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const intermediateExpired = defineDefect({
  id: 'intermediate-expired',
  title: 'The authority of a cluster has expired',
  family: 'trust and identity',
  cause:
    'An intermediate is issued for a year or two, and nobody counts. Proxies keep the certificates that they have for a day, then nobody is let in.',
  silent: true,
  break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'expired' })],
  findings: ['MP1103'],
  where: { cluster: 'east' },
  promises: [],
});
