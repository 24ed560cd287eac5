import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithUnreachableServer = defineDefect({
  id: 'remote-secret-with-unreachable-server',
  title: 'The server in a remote secret is an address where nobody is',
  family: 'discovery',
  cause: 'The cluster was rebuilt, and its API server has another address since.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'server-elsewhere' })];
  },
  findings: ['MP2107'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
