import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeConfig } from '#kubernetes-client';
import { stringify } from 'yaml';
import { kubeconfigOf, startApiServers } from '../kube/fake-api-servers.ts';
import { neededResources } from './access-review.ts';
import { FakeMeshCluster, fakeMesh } from './fake-mesh.ts';
import { readerAccounts } from './reader-account.ts';

const listed = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

/** An API server that answers reviews with `status` and `allowed`; a question about Nodes has no answer if `isPartial`. */
async function serving(answer: { status: number; isPartial?: boolean }) {
  const servers = await startApiServers({
    east: (request, response) => {
      let body = '';
      request.on('data', (piece: Buffer) => (body += piece.toString()));
      request.on('end', () => {
        assert.equal(request.headers.authorization, 'Bearer reader');
        const isUnknown = answer.isPartial && body.includes('"nodes"');
        const review = { allowed: true, incomplete: false, resourceRules: [listed] };
        response.writeHead(answer.status).end(JSON.stringify(isUnknown ? {} : { status: review }));
      });
    },
  });
  return Object.assign(servers, { url: servers.urls['east'] ?? '' });
}

/** West has a remote secret for east that names `named`; the mesh file names `known` for east. */
async function accountAt(named: string, known = named) {
  const kubeconfig = stringify(kubeconfigOf({ c: named }, { token: 'reader' }));
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'c', server: known, skipTLSVerify: true }, { name: 'own' });
  const data = { east: Buffer.from(kubeconfig).toString('base64') };
  const fakes = [new FakeMeshCluster('west'), new FakeMeshCluster('east')] as const;
  const labels = { 'istio/multiCluster': 'true' };
  for (const fake of fakes) {
    fake.api.config = config;
    fake.stored.clear();
    for (const name of ['a', 'b']) fake.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const metadata = { namespace: 'istio-system', name: 's', labels };
    fake.put({ apiVersion: 'v1', kind: 'Secret', metadata, data });
  }
  const mesh = fakeMesh(fakes, { rootNamespace: 'istio-system' });
  const [account = assert.fail('one account'), ...more] = await readerAccounts(mesh, fakes[0].cluster);
  assert.deepEqual([account.of, account.reads, more.length], ['west', 'east', 0]);
  return account;
}

test('the access of an account has its rules in each namespace and all needed reads', async () => {
  await using server = await serving({ status: 201 });
  const { url } = server;
  const { rules, incomplete, mayEverywhere } = await (await accountAt(url)).access();
  assert.deepEqual(rules, [
    { namespace: 'a', ...listed },
    { namespace: 'b', ...listed },
  ]);
  assert.equal(incomplete, false);
  assert.equal(Object.keys(mayEverywhere).length, 2 * neededResources.length);
});

test('the access of an account is incomplete if one question has no answer', async () => {
  await using server = await serving({ status: 201, isPartial: true });
  const { url } = server;
  const { incomplete, mayEverywhere } = await (await accountAt(url)).access();
  assert.deepEqual([incomplete, 'list nodes' in mayEverywhere], [true, false]);
});

test('the server of the mesh file is asked with the credential of the account if the named server is closed', async () => {
  await using server = await serving({ status: 201 });
  const { url } = server;
  const { rules } = await (await accountAt('http://127.0.0.1:1', url)).access();
  assert.equal(rules.length, 2);
});

test('a refusal is an error with its status, and the mesh file is not used', async () => {
  await using server = await serving({ status: 401 });
  const { url } = server;
  const account = await accountAt(url, 'http://127.0.0.1:1');
  await assert.rejects(account.access(), { message: 'Cluster east refused its reader account: status 401.' });
});
