import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { stringify } from 'yaml';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { issueAuthority } from '../x509/authorities.ts';
import { apiConnections } from './api-connections.ts';
import { openClusterApi, type ClusterApi, type RequestLimits } from './cluster-api.ts';

const { certificate, key } = await issueAuthority('server', 'ecdsa-p256', 1);
let connections = 0;
let silent = false;
const server = createServer({ cert: certificate, key }, (_request, response) => {
  if (silent) return;
  response.setHeader('content-type', 'application/json').end('{"items":[]}');
}).on('secureConnection', () => connections++);
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => server.closeAllConnections());
after(() => void server.close());

const folder = temporaryFolder();

function open(user: object, limits: RequestLimits = {}): ClusterApi {
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
  return openClusterApi('west', 'west', kubeconfig, limits);
}

test('requests one after the other share connections, and many at once a few', async () => {
  const { core, apps } = open({ token: 't' });
  for (let i = 0; i < 5; i++) await core.listNamespace();
  await apps.listDeploymentForAllNamespaces();
  assert.ok(connections <= 2, `${connections} connections for 6 requests`); // an answer is parsed before its connection is free
  await Promise.all(Array.from({ length: 40 }, () => core.listNamespace()));
  assert.ok(connections <= apiConnections, `${connections} connections`);
});

test('connections are kept until a login program returns another client certificate', async () => {
  const apiVersion = 'client.authentication.k8s.io/v1';
  const login = (more: object) =>
    JSON.stringify({
      apiVersion,
      kind: 'ExecCredential',
      status: { expirationTimestamp: '2020-01-01T00:00:00Z', ...more },
    });
  const client = await issueAuthority('client', 'ecdsa-p256', 1);
  const answer = join(folder, 'login.json');
  writeFileSync(answer, login({ token: 't' }));
  const { core } = open({ exec: { apiVersion, command: 'cat', args: [answer] } });
  for (let i = 0; i < 5; i++) await core.listNamespace();
  const kept = connections;
  assert.ok(kept <= 2, `${kept} connections for 5 requests`);
  writeFileSync(answer, login({ clientCertificateData: client.certificate, clientKeyData: client.key }));
  await core.listNamespace();
  assert.equal(connections, kept + 1);
});

test('a connection on which a request was not answered in time is not used again', async () => {
  const { core } = open({ token: 't' }, { limitMs: 100 });
  await core.listNamespace();
  silent = true;
  await assert.rejects(core.listNamespace(), /abort|timeout/i);
  silent = false;
  await core.listNamespace();
  assert.ok(connections >= 2, 'another was opened');
});
