import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretInAnotherNamespace = defineDefect({
  id: 'remote-secret-in-another-namespace',
  title: 'A remote secret is in a namespace where istiod does not look',
  family: 'discovery',
  cause: 'It was applied without the namespace of istiod.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [
      breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'in-another-namespace' }),
    ];
  },
  findings: ['MP2103'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-01'],
});
