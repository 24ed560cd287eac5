import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretMissing = defineDefect({
  id: 'remote-secret-missing',
  title: 'One cluster has no remote secret for another',
  family: 'discovery',
  cause: 'Each direction needs a secret of its own; one was forgotten, or deleted.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'gone' })];
  },
  findings: ['MP2101'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01', 'CON-02'],
});
