import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { ApiException } from '#kubernetes-client';
import { stringify } from 'yaml';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { openClusterApi } from './cluster-api.ts';

/** An API server that forbids Nodes, and answers no other request. */
const silent = createServer((request, response) => {
  const body = JSON.stringify({ kind: 'Status', message: 'nodes "n" is forbidden', code: 403 });
  if (request.url?.includes('/nodes')) response.writeHead(403, { 'audit-id': 'planted' }).end(body);
});
await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
after(() => silent.closeAllConnections());
after(() => void silent.close());

const kubeconfig = join(temporaryFolder(), 'kubeconfig');
const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
writeFileSync(
  kubeconfig,
  stringify({
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'west', context: { cluster: 'c', user: 'u' } }],
  }),
);

test('a request to an API server that is silent ends within its limit', async () => {
  const { core } = openClusterApi('west', 'west', kubeconfig, { limitMs: 100 });
  const began = Date.now();
  await assert.rejects(core.listNamespace(), /abort|timeout/i);
  assert.ok(Date.now() - began < 5_000, 'it was not waited for');
});

test('a request is ended by the signal of the work that it is for', async () => {
  const { core } = openClusterApi('west', 'west', kubeconfig, { signal: AbortSignal.timeout(100) });
  const began = Date.now();
  await assert.rejects(core.listNamespace(), /abort|timeout/i);
  assert.ok(Date.now() - began < 5_000, 'it was not waited for');
});

test('an error of an API server has its status and message, without body and headers', async () => {
  const { core } = openClusterApi('west', 'west', kubeconfig);
  await assert.rejects(core.readNode({ name: 'n' }), (error: Error) => {
    assert.ok(error instanceof ApiException);
    assert.deepEqual([error.code, error.message], [403, 'status 403: nodes "n" is forbidden']);
    return true;
  });
});
