import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { timeouts } from '../base/timeouts.ts';
import type { TopologyCluster } from '../config/topology.ts';
import { applyAll, type ClusterApi } from '../kube/cluster-api.ts';
import { istioNamespace } from './istio.ts';
import { addressOf, names, nodesOf, type Lab } from './lab.ts';

/** The account that istiods of other clusters use to read a cluster. */
export const readerAccount = 'meshproof-reader';
const tokenSecret = `${readerAccount}-token`;

const read = (apiGroups: string[], resources: string[]) => ({
  apiGroups,
  resources,
  verbs: ['get', 'list', 'watch'],
});

/**
 * The rights that an istiod needs in another cluster: it reads, and creates only token reviews. Istio requires the right to
 * read every Secret: without it, the cluster never counts as synced. The setting that should remove this requirement
 * (PILOT_ENABLE_REMOTE_CREDENTIALS_CONTROLLER) crashes istiod (docs/known-issues.md).
 */
export const readerRules = [
  read([''], ['endpoints', 'namespaces', 'nodes', 'pods', 'secrets', 'services']),
  read(['discovery.k8s.io'], ['endpointslices']),
  read(['networking.istio.io'], ['workloadentries', 'serviceentries']),
  read(['apiextensions.k8s.io'], ['customresourcedefinitions']),
  read(['gateway.networking.k8s.io'], ['gateways']),
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
];

/** Only in Istio's namespace: the mesh settings, whose discovery selectors select the namespaces that istiod reads. */
const settingsRule = {
  apiGroups: [''],
  resources: ['configmaps'],
  resourceNames: ['istio'],
  verbs: ['get', 'list', 'watch'],
};

const readerObjects = () => {
  const name = readerAccount;
  const labels = { 'app.kubernetes.io/managed-by': 'meshproof' };
  const subjects = [{ kind: 'ServiceAccount', name, namespace: istioNamespace }];
  const roleRef = (kind: 'ClusterRole' | 'Role') => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name });
  const rbac = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: istioNamespace, labels } },
    { apiVersion: rbac, kind: 'ClusterRole', metadata: { name, labels }, rules: readerRules },
    {
      apiVersion: rbac,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: roleRef('ClusterRole'),
      subjects,
    },
    {
      apiVersion: rbac,
      kind: 'Role',
      metadata: { name, namespace: istioNamespace, labels },
      rules: [settingsRule],
    },
    {
      apiVersion: rbac,
      kind: 'RoleBinding',
      metadata: { name, namespace: istioNamespace, labels },
      roleRef: roleRef('Role'),
      subjects,
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: tokenSecret,
        namespace: istioNamespace,
        labels,
        annotations: { 'kubernetes.io/service-account.name': name },
      },
      type: 'kubernetes.io/service-account-token',
    },
  ];
};

async function readToken(api: ClusterApi, cluster: string): Promise<{ token: string; ca: string }> {
  const deadline = Date.now() + timeouts.apiMs;
  for (;;) {
    const { data } = await api.core.readNamespacedSecret({ name: tokenSecret, namespace: istioNamespace });
    if (data?.['token'] && data['ca.crt'])
      return { token: Buffer.from(data['token'], 'base64').toString(), ca: data['ca.crt'] };
    if (Date.now() > deadline)
      throw new Error(
        `Cluster ${cluster} did not issue a token for account ${istioNamespace}/${readerAccount} within ${timeouts.apiMs / 1000} s. Run \`meshproof up\` again.`,
      );
    await sleep(timeouts.pollMs);
  }
}

/** The secret with which an istiod discovers cluster `name`, in the format of `istioctl create-remote-secret`. */
export function remoteSecret(name: string, server: string, ca: string, token: string): object {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': ca } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `istio-remote-secret-${name}`,
      namespace: istioNamespace,
      labels: { 'istio/multiCluster': 'true' },
      annotations: { 'networking.istio.io/cluster': name },
    },
    type: 'Opaque',
    stringData: { [name]: stringify(kubeconfig) },
  };
}

/** Creates the reader account of one cluster and gives its token to every other primary. Calls may run concurrently. */
export async function shareCluster(
  lab: Lab,
  cluster: TopologyCluster,
  apis: ReadonlyMap<string, ClusterApi>,
): Promise<void> {
  const own = apis.get(cluster.name);
  if (!own) throw new Error(`The API of cluster ${cluster.name} is not open.`);
  await applyAll(own, readerObjects());
  const { token, ca } = await readToken(own, cluster.name);
  const node = (await nodesOf(lab, cluster))[0]?.name ?? '';
  const address = await addressOf(lab, node, names.network(lab.name, cluster.network));
  const secret = remoteSecret(cluster.name, `https://${address}:6443`, ca, token);
  const others = lab.topology.clusters.filter(
    ({ name, role }) => name !== cluster.name && role === 'primary',
  );
  for (const { name } of others) {
    const api = apis.get(name);
    if (!api) throw new Error(`The API of cluster ${name} is not open.`);
    await applyAll(api, [secret]);
  }
}
