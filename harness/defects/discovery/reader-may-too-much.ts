import { defineDefect } from '../defect.ts';
import { applied, defectName, pairOf, readerAccount } from '../parts.ts';

export const readerMayTooMuch = defineDefect({
  id: 'reader-may-too-much',
  title: 'The account in a remote secret may change what it should only read',
  family: 'discovery',
  cause: 'It was bound to a role with more rights while something was searched for, and left so.',
  silent: false,
  break: (mesh) => {
    const { rootNamespace: namespace } = mesh;
    const rbac = 'rbac.authorization.k8s.io';
    const binding = {
      ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: defectName } },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: readerAccount, namespace }],
    };
    return [applied(pairOf(mesh).east, binding)];
  },
  findings: ['MP2112'],
  where: { cluster: 'west', peer: 'east' },
  promises: ['DIS-03'],
});
