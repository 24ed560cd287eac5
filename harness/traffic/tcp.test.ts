import assert from 'node:assert/strict';
import { createServer as createHttp } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { callTcp } from './tcp.ts';
import { TransportFailure } from './transport-failure.ts';

const origin = { service: 'catalog', cluster: 'east', region: 'r', zone: 'z', pod: 'p' };

async function listen(server: Server) {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    lastFailure: () => undefined,
    unopened: () => 0,
    [Symbol.dispose]: () => void server.close(),
  };
}
const talk = (say: (socket: Socket) => void) =>
  listen(createServer((socket) => say(socket.on('error', () => {}))));

/** As a workload's call port does it. */
const connectProxy = () =>
  listen(
    createHttp().on('connect', (request, socket: Socket) => {
      const [host, port] = (request.url ?? '').split(':');
      const onward = connect(Number(port), host ?? '', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () =>
        socket.end(
          'HTTP/1.1 503 x\r\nx-meshproof-service: probe\r\nx-meshproof-flags: UF\r\nx-meshproof-details: refused\r\ncontent-length: 0\r\n\r\n',
        ),
      );
      socket.on('error', () => onward.destroy());
    }),
  );

test('the line of a workload names the origin', async () => {
  using server = await talk((socket) => socket.end(`${JSON.stringify(origin)}\n`));
  const record = await callTcp(server);
  assert.equal(record.outcome, 'ok');
  assert.deepEqual(record.origin, origin);
});

test('an end without a byte is a reset, other bytes an error of the application', async () => {
  using silent = await talk((socket) => socket.end());
  assert.equal((await callTcp(silent)).outcome, 'upstreamReset');
  using other = await talk((socket) => socket.end('220 smtp'));
  assert.equal((await callTcp(other)).outcome, 'appError');
});

test('no end is a client timeout, no server a connect failure', async () => {
  const server = await talk(() => undefined);
  assert.equal((await callTcp(server, { timeoutMs: 50 })).outcome, 'clientTimeout');
  server[Symbol.dispose]();
  assert.equal((await callTcp({ host: '127.0.0.1', port: 1 })).outcome, 'connectFailure');
});

test('a call through a workload arrives, and its refusal is told', async () => {
  using via = await connectProxy();
  using server = await talk((socket) => socket.end(`${JSON.stringify(origin)}\n`));
  assert.deepEqual((await callTcp({ ...server, via })).origin, origin);
  const refused = await callTcp({ host: '127.0.0.1', port: 1, via });
  assert.equal(refused.outcome, 'connectFailure');
  assert.match(refused.detail ?? '', /UF refused \(told by probe/);
});

test('a broken way to the calling workload is no evidence', async () => {
  const via = {
    host: '127.0.0.1',
    port: 1,
    lastFailure: () => new Error('the pod is gone'),
    unopened: () => 0,
  };
  await assert.rejects(callTcp({ host: '127.0.0.1', port: 2, via }), TransportFailure);
});
