import { defineDefect } from '../defect.ts';
import { pairOf, settings, sharedService } from '../parts.ts';

export const serviceKeptInItsCluster = defineDefect({
  id: 'service-kept-in-its-cluster',
  title: 'A service with pods in several clusters is kept inside one of them',
  family: 'workloads and services',
  cause:
    'clusterLocal was set in the mesh settings of one cluster: its callers do not fail over to the other one any more.',
  silent: false,
  break: (mesh) => {
    const hosts = [`${sharedService(mesh)}.${mesh.namespace}.svc.cluster.local`];
    const serviceSettings = [{ settings: { clusterLocal: true }, hosts }];
    return [settings(mesh, pairOf(mesh).east, { serviceSettings })];
  },
  findings: ['MP6305'],
  promises: ['CON-03'],
});
