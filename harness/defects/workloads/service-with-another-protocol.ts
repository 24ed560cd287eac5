import { defineDefect } from '../defect.ts';
import { changed, pairOf, remoteService, serviceOf } from '../parts.ts';

export const serviceWithAnotherProtocol = defineDefect({
  id: 'service-with-another-protocol',
  title: 'A port is HTTP in one cluster, and TCP in the other',
  family: 'workloads and services',
  cause:
    'appProtocol was set in one of the clusters. All calls are answered; retries, routes and policies for HTTP hold no more.',
  silent: true,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    const ports = [
      { name: 'http', port: 80, targetPort: 8080, appProtocol: 'tcp' },
      { name: 'tcp', port: 9000, targetPort: 9000 },
    ];
    const service = serviceOf(mesh, remoteService(mesh, west));
    return [changed(west, { op: 'merge', ...service, patch: { spec: { ports } } })];
  },
  findings: ['MP6204'],
  promises: [],
});
