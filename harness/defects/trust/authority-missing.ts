import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const authorityMissing = defineDefect({
  id: 'authority-missing',
  title: 'One cluster has lost its cacerts',
  family: 'trust and identity',
  cause:
    'The Secret was deleted, by a tool that tidies up. An istiod that is restarted makes a root of its own, which no other cluster knows.',
  silent: true,
  break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'gone' })],
  findings: ['MP1109'],
  where: { cluster: 'east' },
  promises: [],
});
