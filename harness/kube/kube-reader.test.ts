import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { KubeConfig } from '#kubernetes-client';
import { explained } from './failure-words.ts';
import { KubeReader, NoCredential, Refused } from './kube-reader.ts';

/** A kubeconfig whose login program is a line of shell. */
function loggingIn(script: string, server = 'http://127.0.0.1:1'): KubeConfig {
  const config = new KubeConfig();
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args: ['-c', script] };
  config.loadFromClusterAndUser({ name: 'c', server, skipTLSVerify: true }, { name: 'u', exec });
  return config;
}
const token = JSON.stringify({ status: { token: 't' } });

test('a login program that does not end is abandoned after its own limit, and the error names it', async () => {
  const began = performance.now();
  using reader = new KubeReader(loggingIn('sleep 2'), 60_000, 60_000, 100);
  const error: unknown = await reader.get('/version').catch((failed: unknown) => failed);
  assert.ok(error instanceof NoCredential);
  assert.ok(performance.now() - began < 1_500);
  assert.deepEqual(explained(error), { reason: 'noWay', why: 'no credential from sh within 100 ms' });
});

test('the error of a failed login program has its output', async () => {
  using reader = new KubeReader(loggingIn('echo no such profile >&2; exit 1'), 5_000);
  const error: unknown = await reader.get('/version').catch((failed: unknown) => failed);
  assert.match(explained(error).why, /^no credential from sh: no such profile/);
});

test('the time of a login program does not count as silence of the server', async () => {
  await using server = createServer((request, response) => {
    response.end(JSON.stringify({ as: request.headers.authorization }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  using reader = new KubeReader(loggingIn(`sleep 0.6; echo '${token}'`, url), 500, 300);
  assert.deepEqual(await reader.get('/x'), { as: 'Bearer t' });
});

test('a silent server is abandoned after its own limit', async () => {
  await using server = createServer(() => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  using reader = new KubeReader(loggingIn(`echo '${token}'`, url), 5_000, 100);
  const error: unknown = await reader.get('/x').catch((failed: unknown) => failed);
  assert.equal(explained(error).reason, 'timeout');
  server.closeAllConnections();
});

test('a server that stops in the middle of an answer counts as silent after the deadline', async () => {
  await using server = createServer((_request, response) => void response.write('{'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  using reader = new KubeReader(loggingIn(`echo '${token}'`, url), 300);
  const error: unknown = await reader.get('/x').catch((failed: unknown) => failed);
  assert.deepEqual(explained(error), { reason: 'timeout', why: `${url}: no answer within 300 ms` });
  assert.equal(reader.clock.length, 1);
  const late: unknown = await reader.text('/log', 100).catch((failed: unknown) => failed);
  assert.equal(explained(late).reason, 'timeout');
  server.closeAllConnections();
});

test('a refusal has its status and the message of the server; a closed port is unreachable', async () => {
  await using server = createServer((request, response) => {
    response.writeHead(request.method === 'POST' ? 201 : 403).end(JSON.stringify({ message: 'not you' }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  using reader = new KubeReader(loggingIn(`echo '${token}'`, url), 5_000);
  const error: unknown = await reader.get('/x').catch((failed: unknown) => failed);
  assert.ok(error instanceof Refused);
  assert.deepEqual(explained(error), { reason: 'forbidden', why: `GET ${url}/x: status 403, not you` });
  assert.deepEqual(await reader.review('/r', {}), { value: { message: 'not you' }, status: 201 });
  using closed = new KubeReader(loggingIn(`echo '${token}'`), 5_000);
  assert.equal(explained(await closed.get('/x').catch((failed: unknown) => failed)).reason, 'unreachable');
});
