import { defineDefect } from '../defect.ts';
import { changed, pairOf, remoteService, serviceOf } from '../parts.ts';

export const serviceOnAnotherPort = defineDefect({
  id: 'service-on-another-port',
  title: 'A Service has another port number in one cluster',
  family: 'workloads and services',
  cause: 'The port was changed in one of the clusters.',
  silent: false,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    const ports = [
      { name: 'http', port: 8000, targetPort: 8080 },
      { name: 'tcp', port: 9000, targetPort: 9000 },
    ];
    const service = serviceOf(mesh, remoteService(mesh, west));
    return [changed(west, { op: 'merge', ...service, patch: { spec: { ports } } })];
  },
  findings: ['MP6202'],
  promises: ['CON-02'],
});
