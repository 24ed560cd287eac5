import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { KubeConfig } from '#kubernetes-client';
import { stringify } from 'yaml';
import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import type { ClusterApi } from '../kube/cluster-api.ts';
import { Mesh, MeshCluster } from './attach.ts';
import { neededResources } from './access-review.ts';
import { readerAccounts } from './reader-account.ts';

const listed = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

/** An API server that answers reviews with `status` and `allowed`; a question about Nodes has no answer if `isPartial`. */
async function serving(answer: { status: number; isPartial?: boolean }) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      assert.equal(request.headers.authorization, 'Bearer reader');
      const isUnknown = answer.isPartial && body.includes('"nodes"');
      const review = { allowed: true, incomplete: false, resourceRules: [listed] };
      response.writeHead(answer.status).end(JSON.stringify(isUnknown ? {} : { status: review }));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** West has a remote secret for east that names `named`; the mesh file names `known` for east. */
async function accountAt(named: string, known = named) {
  const kubeconfig = stringify({
    clusters: [{ name: 'c', cluster: { server: named } }],
    users: [{ name: 'u', user: { token: 'reader' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: known, skipTLSVerify: true }, { name: 'own' });
  const data = { east: Buffer.from(kubeconfig).toString('base64') };
  const core = {
    listNamespace: async () => ({ items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] }),
    listNamespacedSecret: async () => ({ items: [{ metadata: { name: 's' }, data }] }),
  };
  const [west, east] = ['west', 'east'].map((name) => {
    const api = { cluster: name, core, config } as unknown as ClusterApi;
    return new MeshCluster({ name } as MeshFileCluster, api, 'workloads');
  }) as [MeshCluster, MeshCluster];
  const mesh = new Mesh({ rootNamespace: 'istio-system' } as MeshFile, [west, east]);
  const [account = assert.fail('one account'), ...more] = await readerAccounts(mesh, west);
  assert.deepEqual([account.of, account.reads, more.length], ['west', 'east', 0]);
  return account;
}

test('the access of an account has its rules in each namespace and all needed reads', async () => {
  const { server, url } = await serving({ status: 201 });
  await using _ = server;
  const { rules, incomplete, mayEverywhere } = await (await accountAt(url)).access();
  assert.deepEqual(rules, [
    { namespace: 'a', ...listed },
    { namespace: 'b', ...listed },
  ]);
  assert.equal(incomplete, false);
  assert.equal(Object.keys(mayEverywhere).length, 2 * neededResources.length);
  server.closeAllConnections();
});

test('the access of an account is incomplete if one question has no answer', async () => {
  const { server, url } = await serving({ status: 201, isPartial: true });
  await using _ = server;
  const { incomplete, mayEverywhere } = await (await accountAt(url)).access();
  assert.deepEqual([incomplete, 'list nodes' in mayEverywhere], [true, false]);
  server.closeAllConnections();
});

test('the server of the mesh file is asked with the credential of the account if the named server is closed', async () => {
  const { server, url } = await serving({ status: 201 });
  await using _ = server;
  const { rules } = await (await accountAt('http://127.0.0.1:1', url)).access();
  assert.equal(rules.length, 2);
  server.closeAllConnections();
});

test('a refusal is an error with its status, and the mesh file is not used', async () => {
  const { server, url } = await serving({ status: 401 });
  await using _ = server;
  const account = await accountAt(url, 'http://127.0.0.1:1');
  await assert.rejects(account.access(), { message: 'Cluster east refused its reader account: status 401.' });
  server.closeAllConnections();
});
