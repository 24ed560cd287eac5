import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import type { PartialCluster } from '../config/mesh-file.ts';

/** The objects of a cluster by the path of their list. A number is the status of a refusal; `silent` answers nothing. */
export interface FakeCluster {
  lists: Record<string, object[] | number>;
  silent?: boolean;
}

/** API servers for tests, and a kubeconfig with a context for each. */
export interface FakeClusters extends AsyncDisposable {
  kubeconfig: string;
  folder: string;
  given: PartialCluster[];
}

/** Starts an API server on localhost for each cluster. Dispose it to stop them. */
export async function startClusters(clusters: Record<string, FakeCluster>): Promise<FakeClusters> {
  const folder = mkdtempDisposableSync(path.join(tmpdir(), 'meshproof-discover-'));
  const servers = await Promise.all(Object.values(clusters).map(startServer));
  const kubeconfig = path.join(folder.path, 'kubeconfig');
  const names = Object.keys(clusters);
  const config = {
    clusters: names.map((name, index) => ({
      name,
      cluster: { server: urlOf(servers[index]), 'insecure-skip-tls-verify': true },
    })),
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: names.map((name) => ({ name, context: { cluster: name, user: 'u' } })),
  };
  writeFileSync(kubeconfig, stringify(config));
  return {
    kubeconfig,
    folder: folder.path,
    given: names.map((context) => ({ context, kubeconfig })),
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      folder.remove();
    },
  };
}

const urlOf = (server: Server | undefined): string =>
  `http://127.0.0.1:${(server?.address() as AddressInfo).port}`;

async function startServer({ lists, silent = false }: FakeCluster): Promise<Server> {
  const server = createServer(({ url = '' }, response) => {
    if (silent) return;
    const items = lists[url.split('?')[0] ?? ''];
    if (typeof items === 'object') response.end(JSON.stringify({ items }));
    else response.writeHead(items ?? 404).end(JSON.stringify({ message: `${url} is refused` }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}

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
