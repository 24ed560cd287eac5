import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const authorityWithAnotherKey = defineDefect({
  id: 'authority-with-another-key',
  title: 'The key in cacerts is not that of its certificate',
  family: 'trust and identity',
  cause: 'The certificate of a rotation was copied, and its key was not.',
  silent: true,
  break: (mesh) => [
    breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'key-of-another' }),
  ],
  findings: ['MP1106'],
  where: { cluster: 'east' },
  promises: [],
});
