import { defineDefect } from '../defect.ts';
import { changed, pairOf, remoteService, serviceOf } from '../parts.ts';

export const serviceMissing = defineDefect({
  id: 'service-missing',
  title: 'A Service is not in a cluster whose workloads call it',
  family: 'workloads and services',
  cause:
    'The Service was applied only where its pods are, and callers elsewhere do not find its name in DNS. Those that do not ask DNS, as the callers of the suites, are answered as before.',
  silent: true,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    return [changed(west, { op: 'delete', ...serviceOf(mesh, remoteService(mesh, west)) })];
  },
  findings: ['MP6201'],
  where: { cluster: 'west' },
  promises: [],
});
