import { defineDefect } from '../defect.ts';
import { applied, istio, pairOf } from '../parts.ts';

export const peerAuthenticationsDiffer = defineDefect({
  id: 'peer-authentications-differ',
  title: 'A PeerAuthentication is in one cluster alone',
  family: 'policy',
  cause: 'Plain text is refused in one cluster, and taken in the other.',
  silent: true,
  break: (mesh) => [
    applied(pairOf(mesh).east, istio(mesh, 'PeerAuthentication', { mtls: { mode: 'STRICT' } })),
  ],
  findings: ['MP5101'],
  promises: [],
});
