import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretNamedAfterItsHolder = defineDefect({
  id: 'remote-secret-named-after-its-holder',
  title: 'A remote secret names the cluster that holds it',
  family: 'discovery',
  cause:
    'It was made with the name of the wrong context; istiod takes it for one of its own cluster, and ignores it.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'name-of-holder' })];
  },
  findings: ['MP2105'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
