import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';

/** For tests: a kubeconfig with a context for each cluster, of the name of the cluster. The first is the current one. */
export const kubeconfigOf = (urls: Readonly<Record<string, string>>, user: object = { token: 't' }) => ({
  clusters: Object.entries(urls).map(([name, server]) => ({
    name,
    cluster: { server, 'insecure-skip-tls-verify': true },
  })),
  users: [{ name: 'u', user }],
  contexts: Object.keys(urls).map((name) => ({ name, context: { cluster: name, user: 'u' } })),
  'current-context': Object.keys(urls)[0],
});

/** For tests: API servers on localhost, and a folder with their kubeconfig. Dispose them to stop the servers and delete the folder. */
export interface FakeApiServers extends AsyncDisposable {
  /** The URL of each cluster by its name. */
  urls: Readonly<Record<string, string>>;
  folder: string;
  kubeconfig: string;
  /**
   * Writes a mesh file of the clusters.
   *
   * @param own fields of clusters by name; @param more fields of the mesh.
   * @returns its path.
   */
  meshFile: (own?: Readonly<Record<string, object>>, more?: object) => string;
}

/**
 * Starts an API server for each cluster.
 *
 * @param clusters what answers the requests, by cluster; a URL is a server that is not started.
 * @param kubeconfig fields of the kubeconfig to replace.
 */
export async function startApiServers(
  clusters: Readonly<Record<string, RequestListener | string>>,
  kubeconfig: object = {},
): Promise<FakeApiServers> {
  const servers: Server[] = [];
  const urls: Record<string, string> = {};
  for (const [name, listener] of Object.entries(clusters))
    if (typeof listener === 'string') urls[name] = listener;
    else {
      const server = createServer(listener);
      await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
      servers.push(server);
      urls[name] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }
  const folder = mkdtempDisposableSync(path.join(tmpdir(), 'meshproof-api-servers-'));
  const written = path.join(folder.path, 'kubeconfig');
  writeFileSync(written, stringify({ ...kubeconfigOf(urls), ...kubeconfig }));
  return {
    ...{ urls, folder: folder.path, kubeconfig: written },
    meshFile: (own = {}, more = {}) => {
      const file = path.join(folder.path, 'mesh.yaml');
      writeFileSync(file, stringify({ ...meshOf(Object.keys(urls), own), ...more }));
      return file;
    },
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
      folder.remove();
    },
  };
}

const meshOf = (names: readonly string[], own: Readonly<Record<string, object>>) => ({
  ...{ apiVersion: 'meshproof.dev/v1', kind: 'Mesh', meshId: 'm' },
  clusters: names.map((name) => ({
    ...{ name, kubeconfig: './kubeconfig', context: name, network: name, region: 'r', zone: 'z' },
    ...own[name],
  })),
  services: [{ name: 'probe', pods: { [names[0] ?? '']: 1 } }],
});
