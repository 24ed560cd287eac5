import { defineDefect } from '../defect.ts';
import { applied, istio, pairOf, remoteService } from '../parts.ts';

export const destinationRuleWithoutMutualTls = defineDefect({
  id: 'destination-rule-without-mutual-tls',
  title: 'A DestinationRule takes away the TLS that gateways pass on',
  family: 'network and gateways',
  cause:
    'TLS was turned off for a service while something was searched for; within a cluster all still works.',
  silent: false,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    const host = `${remoteService(mesh, west)}.${mesh.namespace}.svc.cluster.local`;
    const spec = { host, trafficPolicy: { tls: { mode: 'DISABLE' } } };
    return [applied(west, istio(mesh, 'DestinationRule', spec))];
  },
  findings: ['MP3601'],
  where: { cluster: 'west' },
  promises: ['CON-02'],
});
