import { remoteSecretChanged } from '../../chaos/discovery/remote-secret-changed.ts';
import { remoteSecretRevoked } from '../../chaos/discovery/remote-secret-revoked.ts';
import { breakage, inFamily } from '../defect.ts';
import { applied, changed, defectName, pairOf, readerAccount, settings } from '../defect-builders.ts';

const readerRole = {
  ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: readerAccount },
};

export const discoveryDefects = inFamily('discovery', [
  {
    id: 'remote-secret-missing',
    title: 'One cluster has no remote secret for another cluster',
    cause: 'Each direction needs its own secret. One secret was forgotten or deleted.',
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
    title: 'A remote secret is in a namespace that istiod does not read',
    cause: 'The secret was applied without the namespace of istiod.',
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
    title: 'A remote secret does not have the label istio/multiCluster',
    cause: 'Tools that copy secrets between clusters drop labels.',
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
    title: 'A remote secret names its own cluster',
    cause:
      'The secret was created from the wrong context. istiod ignores a secret with the name of its own cluster.',
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
    title: 'A remote secret uses a name that is not the clusterName of its cluster',
    cause: 'The name of the context or an old name was used instead of clusterName.',
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
    cause: 'The kubeconfig of kind, minikube or a tunnel was copied without changes.',
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
    title: 'The server in a remote secret does not answer',
    cause: 'The cluster was rebuilt, and its API server has a new address.',
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
    title: 'The certificate authority in a remote secret does not match the API server',
    cause: 'The cluster was rebuilt at the same address, and its API server has a new authority.',
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
    title: 'The API server rejects the token in a remote secret',
    cause: 'The service account or the Secret with its token was deleted and recreated.',
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
    title: 'A remote secret disables verification of the API server',
    cause: 'A workaround for a certificate error was left in place.',
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
    title: 'A remote secret does not contain a kubeconfig',
    cause:
      'A template was rendered without its values. A running istiod keeps the data of the cluster. An istiod that starts does not read the cluster.',
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
    title: 'A remote secret requires a login program',
    cause:
      'The kubeconfig of a cloud provider was copied without changes, and istiod does not run programs. A running istiod keeps the data of the cluster. An istiod that starts does not read the cluster.',
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
    title: 'The account in a remote secret lacks read permissions that istiod needs',
    cause:
      'The role was written by hand, or is older than Istio. An istiod that already watches continues until its connection ends.',
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
    title: 'The account in a remote secret has write permissions',
    cause:
      'The account was bound to a role with more permissions for debugging, and the binding was left in place.',
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
    cause: 'A cluster was installed with the settings of another cluster.',
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
    title: 'Discovery selectors exclude the namespace of the east-west gateway',
    cause: 'The selectors list the namespaces of workloads. They also apply to istio-system.',
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
    title: 'Discovery selectors exclude a namespace with workloads',
    cause: 'A namespace was created without the label that the selectors require.',
    silent: false,
    break: (mesh) => {
      const matchLabels = { 'kubernetes.io/metadata.name': mesh.rootNamespace };
      return [settings(mesh, pairOf(mesh).east, { discoverySelectors: [{ matchLabels }] })];
    },
    findings: ['MP2502'],
    where: { cluster: 'east' },
    promises: ['CON-02'],
  },
]);
