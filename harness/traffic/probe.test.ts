import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { openTarget, recordOf, send } from './probe.ts';
import { TransportFailure } from './transport-failure.ts';

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  let connections = 0;
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: () => connections,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

test('the host header, base path, origin and body arrive', async () => {
  await using server = await serve((request, response) => {
    response.setHeader('x-meshproof-service', 'catalog').setHeader('x-meshproof-flags', '-');
    response.end(`${request.headers.host} ${request.url}`);
  });
  await using target = openTarget(server.origin, { basePath: '/to/catalog', headers: { host: 'shop.test' } });
  const exchange = await send(target, { path: '/x?y=1' });
  assert.equal(exchange.body.toString(), 'shop.test /to/catalog/x?y=1');
  assert.equal(exchange.outcome, 'ok');
  assert.equal(exchange.origin?.service, 'catalog');
  assert.deepEqual(Object.keys(recordOf(exchange)).sort(), [
    'endMs',
    'origin',
    'outcome',
    'startMs',
    'status',
  ]);
});

test('fresh opens one connection a request, the pool keeps its own', async () => {
  await using server = await serve((_request, response) => void response.end());
  await using kept = openTarget(server.origin);
  for (let i = 0; i < 5; i++) await send(kept);
  // The pool opens a second connection if the next request starts before the first connection is free.
  assert.ok(server.connections() <= 2, `${server.connections()} connections`);
  const before = server.connections();
  await using fresh = openTarget(server.origin);
  for (let i = 0; i < 5; i++) await send(fresh, { fresh: true });
  assert.equal(server.connections() - before, 5);
});

test('a hanging server is a client timeout, a missing one a connect failure', async () => {
  await using server = await serve(() => undefined);
  await using target = openTarget(server.origin);
  const hung = await send(target, { timeoutMs: 50 });
  assert.equal(hung.outcome, 'clientTimeout');
  assert.ok(hung.endMs - hung.startMs < 1000);
  await server[Symbol.asyncDispose]();
  assert.equal((await send(target, { timeoutMs: 500 })).outcome, 'connectFailure');
});

test('a truncated body is an upstream reset, not an ok', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('abc', () => response.destroy());
  });
  await using target = openTarget(server.origin);
  const exchange = await send(target);
  assert.equal(exchange.outcome, 'upstreamReset');
  assert.equal(exchange.body.toString(), 'abc');
});

test('a broken connection to the target is not an outcome of the mesh', async () => {
  await using target = openTarget('http://127.0.0.1:1', {
    relay: { lastFailure: () => new Error('the pod is gone'), unopened: () => 0 },
  });
  await assert.rejects(send(target), TransportFailure);
});

test('multiplexed requests share one connection, and a cancelled one does not end the others', async () => {
  let connections = 0;
  const server = createHttp2Server((request, response) => {
    setTimeout(() => response.end(request.url), request.url === '/slow' ? 300 : 0);
  });
  server.on('session', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  {
    await using target = openTarget(`http://127.0.0.1:${port}`, { multiplexed: true });
    const sent = [
      send(target, { path: '/slow' }),
      send(target, { path: '/slow', timeoutMs: 50 }),
      send(target, { path: '/quick' }),
    ];
    const [slow, given, quick] = await Promise.all(sent);
    assert.deepEqual([slow?.outcome, given?.outcome, quick?.outcome], ['ok', 'clientTimeout', 'ok']);
    assert.equal(slow?.body.toString(), '/slow');
    assert.equal(connections, 1);
  }
  server.close();
});
