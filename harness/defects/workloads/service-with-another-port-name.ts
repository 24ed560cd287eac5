import { defineDefect } from '../defect.ts';
import { changed, pairOf, remoteService, serviceOf } from '../parts.ts';

export const serviceWithAnotherPortName = defineDefect({
  id: 'service-with-another-port-name',
  title: 'A Service calls the same port by another name in one cluster',
  family: 'workloads and services',
  cause: 'istiod matches endpoints to ports by name; the name was changed in one of the clusters.',
  silent: false,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    const ports = [
      { name: 'http-web', port: 80, targetPort: 8080 },
      { name: 'tcp', port: 9000, targetPort: 9000 },
    ];
    const service = serviceOf(mesh, remoteService(mesh, west));
    return [changed(west, { op: 'merge', ...service, patch: { spec: { ports } } })];
  },
  findings: ['MP6203'],
  promises: ['CON-02'],
});
