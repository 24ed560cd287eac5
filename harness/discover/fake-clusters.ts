import type { RequestListener } from 'node:http';
import { stringify } from 'yaml';
import type { PartialCluster } from '../config/mesh-file.ts';
import { startApiServers, type FakeApiServers } from '../kube/fake-api-servers.ts';

/** The objects of a cluster by the path of their list. A number is the status of a refusal; `silent` answers nothing. */
export interface FakeCluster {
  lists: Record<string, object[] | number>;
  silent?: boolean;
}

/** API servers for tests, and a kubeconfig with a context for each. */
export interface FakeClusters extends FakeApiServers {
  given: PartialCluster[];
}

/** Starts an API server on localhost for each cluster. Dispose it to stop them. */
export async function startClusters(clusters: Record<string, FakeCluster>): Promise<FakeClusters> {
  const listeners = Object.entries(clusters).map(([name, cluster]) => [name, listenerOf(cluster)] as const);
  const servers = await startApiServers(Object.fromEntries(listeners));
  const { kubeconfig } = servers;
  return { ...servers, given: Object.keys(clusters).map((context) => ({ context, kubeconfig })) };
}

const listenerOf =
  ({ lists, silent = false }: FakeCluster): RequestListener =>
  ({ url = '' }, response) => {
    if (silent) return;
    const items = lists[url.split('?')[0] ?? ''];
    if (typeof items === 'object') response.end(JSON.stringify({ items }));
    else response.writeHead(items ?? 404).end(JSON.stringify({ message: `${url} is refused` }));
  };

const object = (name: string, labels: object = {}, more: object = {}) => ({
  metadata: { namespace: 'istio-system', name, labels, ...more },
});

/** A healthy primary cluster with an east-west gateway. */
export function fakeCluster(name: string): FakeCluster & { lists: Record<string, object[]> } {
  const gateway = {
    ...object('istio-eastwestgateway', { istio: 'eastwestgateway' }),
    spec: {
      type: 'LoadBalancer',
      selector: { istio: 'eastwestgateway' },
      ports: [{ name: 'tls', port: 15443, nodePort: 31443 }],
    },
    status: { loadBalancer: { ingress: [{ ip: '10.0.0.3' }] } },
  };
  const pod = (app: string, labels: object, containers: object[]) => ({
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
    ...object(app, labels),
  });
  return {
    lists: {
      '/api/v1/namespaces': [
        { metadata: { name: 'kube-system', uid: `uid-${name}` } },
        { metadata: { name: 'istio-system', labels: { 'topology.istio.io/network': `${name}-net` } } },
      ],
      '/api/v1/nodes': [
        {
          metadata: {
            name: 'n',
            labels: {
              'topology.kubernetes.io/region': `region-${name}`,
              'topology.kubernetes.io/zone': `zone-${name}`,
            },
          },
          status: {
            conditions: [{ type: 'Ready', status: 'True' }],
            addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
          },
        },
      ],
      '/api/v1/services': [gateway],
      '/apis/apps/v1/deployments': [
        pod('istiod', { app: 'istiod' }, [{ name: 'discovery', env: [{ name: 'CLUSTER_ID', value: name }] }]),
        pod('eastwest-pods', { istio: 'eastwestgateway' }, []),
      ],
      '/api/v1/configmaps': [
        {
          ...object('istio'),
          data: { mesh: stringify({ trustDomain: 'mesh.example', defaultConfig: { meshId: 'shop' } }) },
        },
        { ...object('istio-sidecar-injector'), data: { values: '{}' } },
      ],
      '/api/v1/namespaces/istio-system/configmaps': [],
      '/api/v1/secrets': [],
    },
  };
}
