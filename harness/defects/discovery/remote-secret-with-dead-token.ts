import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithDeadToken = defineDefect({
  id: 'remote-secret-with-dead-token',
  title: 'The token in a remote secret is refused',
  family: 'discovery',
  cause: 'The service account, or the Secret with its token, was deleted and made anew.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'token-dead' })];
  },
  findings: ['MP2109'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
