import { createServer, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { KubeConfig } from '@kubernetes/client-node';
import { tlsOf } from '../../harness/kube/api-connections.ts';
import { askedBy } from '../../harness/rights/asked.ts';
import type { Asked } from '../../harness/rights/right.ts';

/** A proxy to one API server that records the RBAC rights of each request. Dispose it when done. */
export interface RecordingProxy extends AsyncDisposable {
  url: string;
  /** The requests so far that carried the token, each kind once. */
  askedWith(token: string): Asked[];
}

/**
 * Forwards requests and websockets to the API server of a kubeconfig, with the client's credentials instead of the kubeconfig's.
 * It sees every request of every process and library.
 */
export async function openRecordingProxy(config: KubeConfig): Promise<RecordingProxy> {
  const upstream = await upstreamOf(config);
  const recorded = new Map<string, Map<string, Asked>>();
  const record: Recorder = ({ method = '', url: path = '', headers }, more) => {
    const credential = headers.authorization ?? '';
    const asked = recorded.get(credential) ?? new Map<string, Asked>();
    recorded.set(credential, asked);
    for (const one of askedBy({ method, path, ...more })) asked.set(JSON.stringify(one), one);
  };
  const server = createServer((message, response) => passRequest(upstream, message, response, record));
  server.on('upgrade', (message, socket) => passWebsocket(upstream, message, socket, record));
  const sockets = new Set<Socket>(); // the server does not close sockets of websockets
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    askedWith: (token) => [...(recorded.get(`Bearer ${token}`)?.values() ?? [])],
    [Symbol.asyncDispose]: async () => {
      upstream.agent.destroy();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Recorder = (message: IncomingMessage, more: { upgrade?: boolean; status?: number }) => void;

/** An API server, with its connection settings. */
interface Upstream {
  server: URL;
  ca: Buffer;
  agent: Agent;
}

async function upstreamOf(config: KubeConfig): Promise<Upstream> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const ca = tlsOf(options)['ca'] as Buffer;
  const server = new URL(config.getCurrentCluster()?.server ?? '');
  return { server, ca, agent: new Agent({ ca, keepAlive: true }) };
}

const ask = (
  { server, ca }: Upstream,
  { method, url, headers }: IncomingMessage,
  more: RequestOptions = {},
): ClientRequest =>
  request(new URL(url ?? '', server), { method, ca, headers: { ...headers, host: server.host }, ...more });

function passRequest(
  upstream: Upstream,
  message: IncomingMessage,
  response: ServerResponse,
  record: Recorder,
): void {
  const passed = ask(upstream, message, { agent: upstream.agent });
  passed.once('response', (answer) => {
    const status = answer.statusCode ?? 502;
    record(message, { status });
    response.writeHead(status, answer.headers);
    answer.pipe(response);
  });
  passed.once('error', () => response.destroy());
  response.once('close', () => passed.destroy());
  message.pipe(passed);
}

function passWebsocket(upstream: Upstream, message: IncomingMessage, socket: Duplex, record: Recorder): void {
  record(message, { upgrade: true });
  const passed = ask(upstream, message);
  passed.once('upgrade', (answer, further, head) => {
    const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
    socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
    socket.write(head);
    further.pipe(socket).pipe(further);
    further.once('error', () => socket.destroy());
    further.once('close', () => socket.destroy());
    socket.once('close', () => further.destroy());
  });
  passed.once('response', ({ statusCode }) =>
    socket.end(`HTTP/1.1 ${statusCode} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`),
  );
  passed.once('error', () => socket.destroy());
  socket.on('error', () => passed.destroy());
  passed.end();
}
