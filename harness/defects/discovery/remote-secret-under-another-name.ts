import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretUnderAnotherName = defineDefect({
  id: 'remote-secret-under-another-name',
  title: 'A remote secret names its cluster otherwise than that names itself',
  family: 'discovery',
  cause: 'The name of the context, or an old name, was used in place of clusterName.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'name-of-nobody' })];
  },
  findings: ['MP2105'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
