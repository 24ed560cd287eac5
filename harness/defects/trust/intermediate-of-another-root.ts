import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const intermediateOfAnotherRoot = defineDefect({
  id: 'intermediate-of-another-root',
  title: 'The authority of a cluster is not signed by the root beside it',
  family: 'trust and identity',
  cause:
    'Files of two ceremonies were put into one cacerts: the intermediate of the one, the root of the other.',
  silent: true,
  break: (mesh) => [
    breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'of-another-root' }),
  ],
  findings: ['MP1102'],
  where: { cluster: 'east' },
  promises: [],
});
