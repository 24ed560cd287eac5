import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const rootDiffers = defineDefect({
  id: 'root-differs',
  title: 'One cluster has an authority of another root',
  family: 'trust and identity',
  cause:
    'The authority of a cluster was made in a ceremony of its own. istiod goes on with the one that it started with, until it is restarted: then no other cluster accepts its workloads.',
  silent: true,
  break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'another-root' })],
  findings: ['MP1101'],
  promises: [],
});
