import { defineDefect } from '../defect.ts';
import { everywhere, istio, sharedService } from '../parts.ts';

export const routeToNoService = defineDefect({
  id: 'route-to-no-service',
  title: 'A VirtualService sends to a Service that is not there',
  family: 'workloads and services',
  cause: 'The Service was renamed, the route was not.',
  silent: false,
  break: (mesh) => {
    const route = [{ destination: { host: 'retired' } }];
    const spec = { hosts: [sharedService(mesh)], http: [{ route }] };
    return everywhere(mesh, istio(mesh, 'VirtualService', spec));
  },
  findings: ['MP6302'],
  promises: ['CON-01'],
});
