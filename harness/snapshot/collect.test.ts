import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { test } from 'node:test';
import { loadMeshFile } from '../config/load.ts';
import { startApiServers } from '../kube/fake-api-servers.ts';
import { attach } from '../mesh/attach.ts';
import { collectSnapshot } from './collect.ts';

/** Answers lists without items, and 403 to what matches. */
const refusing =
  (forbidden: RegExp): RequestListener =>
  (request, response) => {
    if (!forbidden.test(request.url ?? '')) response.end('{"items":[],"groups":[],"gitVersion":"v1.36.3"}');
    else response.writeHead(403).end('{"kind":"Status","message":"nodes is forbidden"}');
  };

test('a partial permission gives what may be read, and says what is missing and why', async () => {
  const closed = 'http://127.0.0.1:1';
  await using servers = await startApiServers({ west: refusing(/\/nodes|\/secrets/), east: closed });
  await using mesh = attach(loadMeshFile(servers.meshFile()));
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
