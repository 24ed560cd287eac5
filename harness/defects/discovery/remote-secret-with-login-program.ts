import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithLoginProgram = defineDefect({
  id: 'remote-secret-with-login-program',
  title: 'A remote secret asks for a login program',
  family: 'discovery',
  cause:
    'The kubeconfig of a cloud provider was taken as it is, and istiod runs no programs. One that runs keeps the cluster as it read it; one that starts does not read it.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'exec-credential' })];
  },
  findings: ['MP2117'],
  where: { cluster: 'west', peer: 'east' },
  promises: [],
});
