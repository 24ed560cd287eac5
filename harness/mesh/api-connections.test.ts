import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { stringify } from 'yaml';
import { apiConnections } from './api-connections.ts';
import { issueAuthority } from './authorities.ts';
import { openClusterApi, type ClusterApi } from './cluster-api.ts';

const { certificate, key } = await issueAuthority('server', 'ecdsa-p256', 1);
let connections = 0;
const server = createServer({ cert: certificate, key }, (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"items":[]}');
}).on('secureConnection', () => connections++);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => server.closeAllConnections());
after(() => void server.close());

const folder = mkdtempSync(join(tmpdir(), 'meshproof-connections-'));

function open(user: object): ClusterApi {
  const kubeconfig = join(folder, 'kubeconfig');
  const { port } = server.address() as AddressInfo;
  const cluster = { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true };
  writeFileSync(
    kubeconfig,
    stringify({
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'west', context: { cluster: 'c', user: 'u' } }],
    }),
  );
  connections = 0;
  return openClusterApi('west', 'west', kubeconfig);
}

test('requests one after the other share connections, and many at once a few', async () => {
  const { core, apps } = open({ token: 't' });
  for (let i = 0; i < 5; i++) await core.listNamespace();
  await apps.listDeploymentForAllNamespaces();
  assert.ok(connections <= 2, `${connections} connections for 6 requests`); // an answer is parsed before its connection is free
  await Promise.all(Array.from({ length: 40 }, () => core.listNamespace()));
  assert.ok(connections <= apiConnections, `${connections} connections`);
});

test('where a login program may give another certificate, no connection is kept', async () => {
  const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };
  const login = { ...credential, status: { token: 't' } };
  const { core } = open({
    exec: { apiVersion: credential.apiVersion, command: 'echo', args: [JSON.stringify(login)] },
  });
  await core.listNamespace();
  await core.listNamespace();
  assert.equal(connections, 2);
});
