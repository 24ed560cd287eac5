import { defineDefect } from '../defect.ts';
import { everywhere, istio, pairOf, remoteService } from '../parts.ts';

export const mutualTlsOffAcrossNetworks = defineDefect({
  id: 'mutual-tls-off-across-networks',
  title: 'Mutual TLS is off for pods that other networks call',
  family: 'policy',
  cause:
    'It was turned off for a client without a sidecar. Gateways find their way by the TLS handshake: other networks cannot call these pods any more.',
  silent: false,
  break: (mesh) => {
    const selector = { matchLabels: { app: remoteService(mesh, pairOf(mesh).west) } };
    const spec = { selector, mtls: { mode: 'DISABLE' } };
    return everywhere(mesh, istio(mesh, 'PeerAuthentication', spec));
  },
  findings: ['MP5202'],
  promises: ['CON-02'],
});
