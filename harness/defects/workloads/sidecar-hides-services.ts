import { defineDefect } from '../defect.ts';
import { applied, istio, pairOf, sharedService } from '../parts.ts';

export const sidecarHidesServices = defineDefect({
  id: 'sidecar-hides-services',
  title: 'A Sidecar resource in one cluster hides services from its callers',
  family: 'workloads and services',
  cause: 'What workloads are told of was narrowed in one of the clusters, by the names of its own services.',
  silent: false,
  break: (mesh) => {
    const { west } = pairOf(mesh);
    const hosts = [`./${sharedService(mesh)}.${mesh.namespace}.svc.cluster.local`, `${mesh.rootNamespace}/*`];
    return [applied(west, istio(mesh, 'Sidecar', { egress: [{ hosts }] }))];
  },
  findings: ['MP6304'],
  promises: ['CON-02'],
});
