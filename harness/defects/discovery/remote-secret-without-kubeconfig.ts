import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithoutKubeconfig = defineDefect({
  id: 'remote-secret-without-kubeconfig',
  title: 'A remote secret holds no kubeconfig',
  family: 'discovery',
  cause:
    'A template was rendered without its values. An istiod that runs keeps the cluster as it read it; one that starts does not read it.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'no-kubeconfig' })];
  },
  findings: ['MP2117'],
  where: { cluster: 'west', peer: 'east' },
  promises: [],
});
