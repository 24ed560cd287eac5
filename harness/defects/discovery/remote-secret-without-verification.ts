import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { breakage, defineDefect } from '../defect.ts';
import { pairOf } from '../parts.ts';

export const remoteSecretWithoutVerification = defineDefect({
  id: 'remote-secret-without-verification',
  title: 'A remote secret tells istiod not to verify the API server',
  family: 'discovery',
  cause: 'The quick way around a certificate error, left in place.',
  silent: true,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'not-verified' })];
  },
  findings: ['MP2118'],
  where: { cluster: 'west', peer: 'east' },
  promises: [],
});
