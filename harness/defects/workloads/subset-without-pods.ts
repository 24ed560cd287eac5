import { defineDefect } from '../defect.ts';
import { everywhere, istio, sharedService } from '../parts.ts';

export const subsetWithoutPods = defineDefect({
  id: 'subset-without-pods',
  title: 'A subset selects no pod of any cluster',
  family: 'workloads and services',
  cause: 'The version in its labels is no longer deployed.',
  silent: true,
  break: (mesh) => {
    const subsets = [{ name: 'next', labels: { version: 'v2' } }];
    const spec = { host: sharedService(mesh), subsets };
    return everywhere(mesh, istio(mesh, 'DestinationRule', spec));
  },
  findings: ['MP6301'],
  promises: [],
});
