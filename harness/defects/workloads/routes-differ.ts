import { defineDefect } from '../defect.ts';
import { applied, istio, pairOf, sharedService } from '../parts.ts';

export const routesDiffer = defineDefect({
  id: 'routes-differ',
  title: 'Calls are routed otherwise in one cluster than in the other',
  family: 'workloads and services',
  cause: 'A VirtualService was applied to one of the clusters: here one that aborts every call.',
  silent: false,
  break: (mesh) => {
    const [host, abort] = [sharedService(mesh), { httpStatus: 503, percentage: { value: 100 } }];
    const http = [{ fault: { abort }, route: [{ destination: { host } }] }];
    return [applied(pairOf(mesh).east, istio(mesh, 'VirtualService', { hosts: [host], http }))];
  },
  findings: ['MP6303'],
  promises: ['CON-03'],
});
