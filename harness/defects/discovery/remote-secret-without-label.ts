import { remoteSecretRevoked } from '../../chaos/discovery/remote-secret-revoked.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithoutLabel = defineDefect({
  id: 'remote-secret-without-label',
  title: 'A remote secret lacks the label by which istiod finds it',
  family: 'discovery',
  cause: 'Tools that copy secrets between clusters leave labels behind.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretRevoked, { cluster: west.name, to: east.name })];
  },
  findings: ['MP2104'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
