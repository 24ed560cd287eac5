import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { remoteSecretRevoked } from '../../chaos/discovery/remote-secret-revoked.ts';
import { breakage, type Defect } from '../defect.ts';
import { applied, changed, defectName, pairOf, readerAccount, settings } from '../defect-builders.ts';

const readerRole = {
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: readerAccount },
};

export const discoveryDefects: readonly Defect[] = [
  {
    id: 'remote-secret-missing',
    title: 'One cluster has no remote secret for another',
    family: 'discovery',
    cause: 'Each direction needs a secret of its own; one was forgotten, or deleted.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'gone' })];
    },
    findings: ['MP2101'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01', 'CON-02'],
  },
  {
    id: 'remote-secret-in-another-namespace',
    title: 'A remote secret is in a namespace where istiod does not look',
    family: 'discovery',
    cause: 'It was applied without the namespace of istiod.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [
        breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'in-another-namespace' }),
      ];
    },
    findings: ['MP2103'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-without-label',
    title: 'A remote secret lacks the label by which istiod finds it',
    family: 'discovery',
    cause: 'Tools that copy secrets between clusters leave labels behind.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [breakage(remoteSecretRevoked, { cluster: west.name, to: east.name })];
    },
    findings: ['MP2104'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-named-after-its-holder',
    title: 'A remote secret names the cluster that holds it',
    family: 'discovery',
    cause:
      'It was made with the name of the wrong context; istiod takes it for one of its own cluster, and ignores it.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'name-of-holder' })];
    },
    findings: ['MP2105'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-under-another-name',
    title: 'A remote secret names its cluster otherwise than that names itself',
    family: 'discovery',
    cause: 'The name of the context, or an old name, was used in place of clusterName.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'name-of-nobody' })];
    },
    findings: ['MP2105'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-with-loopback-server',
    title: 'The server in a remote secret is a loopback address',
    family: 'discovery',
    cause:
      'The kubeconfig of kind, minikube or a tunnel was taken as it is on the machine where it was made.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [
        breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'server-loopback' }),
      ];
    },
    findings: ['MP2106'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-with-unreachable-server',
    title: 'The server in a remote secret is an address where nobody is',
    family: 'discovery',
    cause: 'The cluster was rebuilt, and its API server has another address since.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [
        breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'server-elsewhere' }),
      ];
    },
    findings: ['MP2107'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-with-another-authority',
    title: 'The certificate authority in a remote secret is not that of the API server',
    family: 'discovery',
    cause: 'The cluster was rebuilt at the same address, and its API server has another authority since.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [
        breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'other-authority' }),
      ];
    },
    findings: ['MP2108'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-with-dead-token',
    title: 'The token in a remote secret is refused',
    family: 'discovery',
    cause: 'The service account, or the Secret with its token, was deleted and made anew.',
    silent: false,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'token-dead' })];
    },
    findings: ['MP2109'],
    where: { cluster: 'west', peer: 'east' },
    promises: ['DIS-01'],
  },
  {
    id: 'remote-secret-without-verification',
    title: 'A remote secret tells istiod not to verify the API server',
    family: 'discovery',
    cause: 'The quick way around a certificate error, left in place.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'not-verified' })];
    },
    findings: ['MP2118'],
    where: { cluster: 'west', peer: 'east' },
    promises: [],
  },
  {
    id: 'remote-secret-without-kubeconfig',
    title: 'A remote secret holds no kubeconfig',
    family: 'discovery',
    cause:
      'A template was rendered without its values. An istiod that runs keeps the cluster as it read it; one that starts does not read it.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'no-kubeconfig' })];
    },
    findings: ['MP2117'],
    where: { cluster: 'west', peer: 'east' },
    promises: [],
  },
  {
    id: 'remote-secret-with-login-program',
    title: 'A remote secret asks for a login program',
    family: 'discovery',
    cause:
      'The kubeconfig of a cloud provider was taken as it is, and istiod runs no programs. One that runs keeps the cluster as it read it; one that starts does not read it.',
    silent: true,
    break: (mesh) => {
      const { west, east } = pairOf(mesh);
      return [
        breakage(remoteSecretChanged, { cluster: west.name, to: east.name, change: 'exec-credential' }),
      ];
    },
    findings: ['MP2117'],
    where: { cluster: 'west', peer: 'east' },
    promises: [],
  },
  {
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
  },
  {
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
  },
  {
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
  },
  {
    id: 'selectors-hide-gateway',
    title: 'Discovery selectors leave out the namespace of the east-west gateway',
    family: 'discovery',
    cause: 'Selectors were set for the namespaces of workloads; istio-system is no exception to them.',
    silent: false,
    break: (mesh) => {
      const matchLabels = { 'kubernetes.io/metadata.name': mesh.namespace };
      return [settings(mesh, pairOf(mesh).east, { discoverySelectors: [{ matchLabels }] })];
    },
    findings: ['MP2501'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
  {
    id: 'selectors-hide-workloads',
    title: 'Discovery selectors leave out a namespace with workloads',
    family: 'discovery',
    cause: 'A namespace was made without the label that the selectors ask for.',
    silent: false,
    break: (mesh) => {
      const matchLabels = { 'kubernetes.io/metadata.name': mesh.rootNamespace };
      return [settings(mesh, pairOf(mesh).east, { discoverySelectors: [{ matchLabels }] })];
    },
    findings: ['MP2502'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
];
