import { defineDefect } from '../defect.ts';
import { applied, pairOf } from '../parts.ts';

export const clusterNameTwice = defineDefect({
  id: 'cluster-name-twice',
  title: 'Two clusters have the same clusterName',
  family: 'discovery',
  cause: 'A cluster was installed with the settings of another.',
  silent: false,
  break: (mesh) => {
    const { west, east } = pairOf(mesh);
    const { rootNamespace: namespace } = mesh;
    const env = [{ name: 'CLUSTER_ID', value: west.name }];
    const manifest = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: 'istiod' } },
      spec: { template: { spec: { containers: [{ name: 'discovery', env }] } } },
    };
    return [applied(east, manifest)];
  },
  findings: ['MP2113'],
  where: { cluster: 'east', peer: 'west' },
  promises: ['DIS-01'],
});
