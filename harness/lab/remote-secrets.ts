import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { timeouts } from '../base/timeouts.ts';
import type { TopologyCluster } from '../config/topology.ts';
import { applyAll, type ClusterApi } from '../kube/cluster-api.ts';
import { istioNamespace } from './istio.ts';
import { addressOf, names, nodesOf, type Lab } from './lab.ts';

/** The account that other clusters' istiods read a cluster with. */
export const readerAccount = 'meshproof-reader';
const tokenSecret = `${readerAccount}-token`;

const read = (apiGroups: string[], resources: string[]) => ({
  apiGroups,
  resources,
  verbs: ['get', 'list', 'watch'],
});

/**
 * What an istiod reads in another cluster, and nothing more; it writes nothing but reviews of tokens. That it reads every
 * Secret is Istio's own demand: without it the cluster never counts as synced, and the switch that should take the
 * demand away (PILOT_ENABLE_REMOTE_CREDENTIALS_CONTROLLER) crashes istiod (docs/known-issues.md).
 */
export const readerRules = [
  read([''], ['endpoints', 'namespaces', 'nodes', 'pods', 'secrets', 'services']),
  read(['discovery.k8s.io'], ['endpointslices']),
  read(['networking.istio.io'], ['workloadentries', 'serviceentries']),
  read(['apiextensions.k8s.io'], ['customresourcedefinitions']),
  read(['gateway.networking.k8s.io'], ['gateways']),
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
];

/** In Istio's own namespace only: the mesh settings, whose discovery selectors decide which namespaces are looked at. */
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
      throw new Error(`Cluster ${cluster} issued no token for ${istioNamespace}/${readerAccount}.`);
    await sleep(timeouts.pollMs);
  }
}

/** The secret that lets an istiod discover cluster `name`, as `istioctl create-remote-secret` lays it out. */
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

/** Makes the reader account of one cluster and gives every other primary its token. Side by side is fine. */
export async function shareCluster(
  lab: Lab,
  cluster: TopologyCluster,
  apis: ReadonlyMap<string, ClusterApi>,
): Promise<void> {
  const own = apis.get(cluster.name);
  if (!own) throw new Error(`There is no API of cluster ${cluster.name}.`);
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
    if (!api) throw new Error(`There is no API of cluster ${name}.`);
    await applyAll(api, [secret]);
  }
}
