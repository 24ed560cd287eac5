import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithLoopbackServer = defineDefect({
  id: 'remote-secret-with-loopback-server',
  title: 'The server in a remote secret is a loopback address',
  family: 'discovery',
  cause: 'The kubeconfig of kind, minikube or a tunnel was taken as it is on the machine where it was made.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'server-loopback' })];
  },
  findings: ['MP2106'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
