import { defineDefect } from '../defect.ts';
import { changed, pairOf, readerAccount } from '../parts.ts';

const readerRole = {
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: readerAccount },
};

export const readerMayTooLittle = defineDefect({
  id: 'reader-may-too-little',
  title: 'The account in a remote secret may not read all that istiod needs',
  family: 'discovery',
  cause:
    'A role was written by hand, or has not followed what a newer Istio reads. An istiod that watches already goes on until its connection ends.',
  silent: false,
  break: (mesh) => {
    const read = (group: string, ...resources: string[]) => ({
      ...{ apiGroups: [group], resources, verbs: ['get', 'list', 'watch'] },
    });
    const rules = [
      read('', 'endpoints', 'namespaces', 'secrets', 'services'),
      read('discovery.k8s.io', 'endpointslices'),
    ];
    return [changed(pairOf(mesh).east, { op: 'merge', ...readerRole, patch: { rules } })];
  },
  findings: ['MP2111'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-03'],
});
