import { authorityChanged } from '../../chaos/trust/authority-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const intermediateNotYetValid = defineDefect({
  id: 'intermediate-not-yet-valid',
  title: 'The authority of a cluster is valid only from a later day on',
  family: 'trust and identity',
  cause: 'It was made on a machine whose clock is ahead, or with a date of its own.',
  silent: true,
  break: (mesh) => [breakage(authorityChanged, { cluster: pairOf(mesh).east.name, change: 'not-yet-valid' })],
  findings: ['MP1105'],
  where: { cluster: 'east' },
  promises: [],
});
