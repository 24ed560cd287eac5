import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithAnotherAuthority = defineDefect({
  id: 'remote-secret-with-another-authority',
  title: 'The certificate authority in a remote secret is not that of the API server',
  family: 'discovery',
  cause: 'The cluster was rebuilt at the same address, and its API server has another authority since.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'other-authority' })];
  },
  findings: ['MP2108'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
