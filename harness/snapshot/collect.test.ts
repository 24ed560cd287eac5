import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { stringify } from 'yaml';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { parseMeshFile } from '../config/load.ts';
import { attach } from '../mesh/attach.ts';
import { collectSnapshot } from './collect.ts';

const kubeconfig = (server: string) =>
  stringify({
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 't' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });

/** Answers lists without items, and 403 to what matches. */
async function apiServer(forbidden: RegExp) {
  const server = createServer((request, response) => {
    if (!forbidden.test(request.url ?? ''))
      return response.end('{"items":[],"groups":[],"gitVersion":"v1.36.3"}');
    return response.writeHead(403).end('{"kind":"Status","message":"nodes is forbidden"}');
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}

test('a partial permission gives what may be read, and says what is missing and why', async () => {
  await using server = await apiServer(/\/nodes|\/secrets/);
  const folder = temporaryFolder();
  writeFileSync(
    path.join(folder, 'k'),
    kubeconfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
  );
  writeFileSync(path.join(folder, 'closed'), kubeconfig('http://127.0.0.1:1'));
  const cluster = (name: string, file: string) => ({
    ...{ name, kubeconfig: `./${file}`, context: 'x', network: name, region: 'r', zone: 'z' },
  });
  const text = stringify({
    ...{ apiVersion: 'meshproof.dev/v1', kind: 'Mesh', meshId: 'm' },
    clusters: [cluster('west', 'k'), cluster('east', 'closed')],
    services: [{ name: 'probe', pods: { west: 1 } }],
  });
  await using mesh = attach(parseMeshFile(text, path.join(folder, 'mesh.yaml')));
  const snapshot = await collectSnapshot(mesh, { meshproof: 'test' });
  const [west, east] = snapshot.clusters;
  assert.deepEqual([west?.reachable, west?.apiServer?.version], [true, 'v1.36.3']);
  assert.deepEqual(west?.missing.map(({ what, of, reason }) => [what, of, reason]).sort(), [
    ['authorities', 'istio-system', 'forbidden'],
    ['nodes', undefined, 'forbidden'],
    ['remoteSecrets', 'istio-system', 'forbidden'],
    ['remoteSecrets', 'other namespaces', 'forbidden'],
  ]);
  assert.match(
    west?.missing.find(({ what }) => what === 'nodes')?.why ?? '',
    /\/api\/v1\/nodes: status 403, nodes is/,
  );
  assert.equal(east?.reachable, false);
  assert.match(east?.unreachable ?? '', /ECONNREFUSED/);
  assert.ok(east?.missing.every(({ reason }) => reason === 'unreachable'));
});
