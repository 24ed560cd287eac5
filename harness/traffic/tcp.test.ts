import assert from 'node:assert/strict';
import { constants, createServer as createHttp2 } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { callTcp } from './tcp.ts';
import { TransportFailure } from './transport-failure.ts';

const origin = { service: 'catalog', cluster: 'east', region: 'r', zone: 'z', pod: 'p' };

async function listen(server: Pick<Server, 'listen' | 'address' | 'close'>) {
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

/** A server like the call port of a workload: CONNECT over HTTP/2. */
const connectProxy = () => {
  const proxy = createHttp2();
  proxy.on('stream', (stream, headers) => {
    const [host, port] = (headers[':authority'] ?? '').split(':');
    const onward = connect(Number(port), host ?? '', () => {
      stream.respond({ ':status': 200 });
      stream.pipe(onward).pipe(stream);
    });
    stream.on('error', () => onward.destroy());
    onward.on('error', () => {
      if (stream.headersSent) return stream.close(constants.NGHTTP2_CONNECT_ERROR);
      stream.respond({
        ...{ ':status': 503, 'x-meshproof-service': 'probe' },
        ...{ 'x-meshproof-flags': 'UF', 'x-meshproof-details': 'refused' },
      });
      stream.end();
    });
  });
  return listen(proxy);
};

test('the line of a workload names the origin', async () => {
  using server = await talk((socket) => socket.end(`${JSON.stringify(origin)}\n`));
  const record = await callTcp(server);
  assert.equal(record.outcome, 'ok');
  assert.deepEqual(record.origin, origin);
});

test('an end without a byte is a reset, other bytes are an error of the application', async () => {
  using silent = await talk((socket) => socket.end());
  assert.equal((await callTcp(silent)).outcome, 'upstreamReset');
  using other = await talk((socket) => socket.end('220 smtp'));
  assert.equal((await callTcp(other)).outcome, 'appError');
});

test('a connection without an end is a client timeout, a missing server a connect failure', async () => {
  const server = await talk(() => undefined);
  assert.equal((await callTcp(server, { timeoutMs: 50 })).outcome, 'clientTimeout');
  server[Symbol.dispose]();
  assert.equal((await callTcp({ host: '127.0.0.1', port: 1 })).outcome, 'connectFailure');
});

test('a call through a workload arrives, and its refusal is reported', async () => {
  using via = await connectProxy();
  using server = await talk((socket) => socket.end(`${JSON.stringify(origin)}\n`));
  assert.deepEqual((await callTcp({ ...server, via })).origin, origin);
  const refused = await callTcp({ host: '127.0.0.1', port: 1, via });
  assert.equal(refused.outcome, 'connectFailure');
  assert.match(refused.detail ?? '', /UF refused \(reported by probe/);
});

test('the line of a workload counts if a reset follows; a reset alone is a reset', async () => {
  using via = await connectProxy();
  using server = await talk((socket) => {
    socket.once('data', () => socket.write(`${JSON.stringify(origin)}\n`, () => socket.resetAndDestroy()));
  });
  assert.deepEqual((await callTcp({ ...server, via })).origin, origin);
  using silent = await talk((socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { outcome, startMs, endMs } = await callTcp({ ...silent, via });
  assert.equal(outcome, 'upstreamReset');
  assert.ok(endMs - startMs < 1000);
});

test('a calling workload that does not answer is a transport failure', async () => {
  using mute = await talk(() => undefined);
  await assert.rejects(
    callTcp({ host: '127.0.0.1', port: 2, via: mute }, { timeoutMs: 50 }),
    /CONNECT got no answer within 50 ms/,
  );
});

test('a broken connection to the calling workload is a transport failure', async () => {
  const via = {
    host: '127.0.0.1',
    port: 1,
    lastFailure: () => new Error('the pod is gone'),
    unopened: () => 0,
  };
  await assert.rejects(callTcp({ host: '127.0.0.1', port: 2, via }), TransportFailure);
});
