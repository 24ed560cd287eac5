import { itemOf, type SampleCluster } from './broken-sample.ts';

/** The names of another mesh in a cluster of the sample. */
export interface OtherMesh {
  namespace: string;
  revision: string;
  clusterName: string;
}

const dev: OtherMesh = { namespace: 'istio-dev', revision: 'dev', clusterName: 'dev' };

/**
 * Installs the control plane of another mesh into a cluster, first in all lists, with a namespace `dev-shop` whose pods use it. The mesh
 * has a trust domain, a mesh ID, a network, a gateway and a remote secret that differ from the sample.
 */
export function addOtherMesh(cluster: SampleCluster, names: Partial<OtherMesh> = {}): void {
  const { namespace, revision, clusterName } = { ...dev, ...names };
  const suffix = revision === 'default' ? '' : `-${revision}`;
  const istiod = `istiod${suffix}`;
  const address = `${istiod}.${namespace}.svc:15012`;
  const install = structuredClone(itemOf(cluster.installs));
  Object.assign(install, { namespace, revision, clusterName, meshId: 'dev', network: 'dev-net' });
  install.env = { ...install.env, CLUSTER_ID: clusterName, REVISION: revision };
  Object.assign(install.settings ?? {}, {
    ...{ trustDomain: 'dev.example', rootNamespace: namespace, meshId: 'dev', discoveryAddress: address },
    discoverySelectors: [{ matchLabels: { mesh: 'dev' }, matchExpressions: [] }],
  });
  cluster.installs.unshift(install);
  for (const name of [namespace, 'dev-shop'])
    cluster.namespaces.push({ name, labels: { mesh: 'dev', 'istio.io/rev': revision }, terminating: false });
  const pod = structuredClone(itemOf(cluster.pods, ({ labels }) => labels['app'] === 'istiod'));
  cluster.pods.push({
    ...{ ...pod, namespace, name: `${istiod}-1`, ip: '10.244.8.1' },
    labels: { ...pod.labels, 'istio.io/rev': revision },
  });
  const service = structuredClone(itemOf(cluster.services, ({ name }) => name === 'istiod'));
  cluster.services.push({ ...service, namespace, name: istiod });
  addWorkload(cluster, address, revision, clusterName);
  const hook = structuredClone(itemOf(cluster.webhooks));
  cluster.webhooks.unshift({
    ...{ ...hook, configuration: `istio-sidecar-injector${suffix}-${namespace}`, revision, tag: '' },
    namespaceSelector: { matchLabels: { 'istio.io/rev': revision }, matchExpressions: [] },
    ...{ target: `${namespace}/${istiod}:443/inject`, service: { namespace, name: istiod, port: 443 } },
    caBundle: [],
  });
  const secret = structuredClone(itemOf(cluster.remoteSecrets));
  cluster.remoteSecrets.push({ ...secret, namespace, name: 'istio-remote-secret-far', cluster: 'dev-far' });
  const replica = structuredClone(itemOf(cluster.istiods));
  cluster.istiods.unshift({
    ...{ ...replica, namespace, pod: `${istiod}-1`, revision, networks: [], shards: [], held: {} },
    settings: install.settings ?? replica.settings,
    clusters: [{ id: clusterName, secret: '', syncStatus: 'synced' }],
    connected: [
      {
        ...itemOf(replica.connected),
        ...{ proxy: 'ledger-1.dev-shop', cluster: clusterName, rejected: ['CDS: no such filter'] },
      },
    ],
  });
}

function addWorkload(cluster: SampleCluster, address: string, revision: string, clusterId: string): void {
  const like = itemOf(cluster.pods, ({ sidecar }) => sidecar);
  const pod = structuredClone(like);
  Object.assign(pod, {
    namespace: 'dev-shop',
    name: 'ledger-1',
    ip: '10.244.8.2',
    labels: { app: 'ledger' },
  });
  pod.annotations['istio.io/rev'] = revision;
  Object.assign(pod.proxy ?? {}, {
    ...{ clusterId, network: 'dev-net', meshId: 'dev', trustDomain: 'dev.example' },
    ...{ caAddress: address, discoveryAddress: address },
  });
  cluster.pods.push(pod);
  const catalog = structuredClone(itemOf(cluster.services, ({ name }) => name === 'catalog'));
  cluster.services.push({
    ...{ ...catalog, namespace: 'dev-shop', name: 'ledger', selector: { app: 'ledger' } },
  });
  const istiod = itemOf(cluster.istiods);
  const shard = structuredClone(itemOf(istiod.shards, ({ host }) => host.startsWith('catalog.')));
  istiod.shards.push({
    ...{ ...shard, host: 'ledger.dev-shop.svc.cluster.local', namespace: 'dev-shop', cluster: cluster.name },
    ...{ addresses: ['10.244.8.2'], networks: ['dev-net'] },
  });
}
