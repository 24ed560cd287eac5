import { createServer, type IncomingMessage } from 'node:http';
import { Agent, request, type RequestOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KubeConfig } from '@kubernetes/client-node';
import { tlsOf } from '../../harness/mesh/api-connections.ts';
import { askedBy } from '../../harness/mesh/rights/asked.ts';
import type { Asked } from '../../harness/mesh/rights/right.ts';

/** A way to one API server that records what RBAC has to allow for each request. Dispose it when done. */
export interface RecordingProxy extends AsyncDisposable {
  url: string;
  /** The requests so far that carried the token, each kind once. */
  askedWith(token: string): Asked[];
}

/**
 * Passes requests and websockets on to the API server of a kubeconfig, with the credentials of the client and not those of the
 * kubeconfig. It sees every request of every process, whichever library sends it.
 */
export async function openRecordingProxy(config: KubeConfig): Promise<RecordingProxy> {
  const upstream = new URL(config.getCurrentCluster()?.server ?? '');
  const { ca } = tlsOf(await adminOptions(config));
  const agent = new Agent({ ca: ca as Buffer, keepAlive: true });
  const recorded = new Map<string, Map<string, Asked>>();
  const record = (message: IncomingMessage, upgrade: boolean, status: number | undefined) => {
    const { method = '', url: path = '', headers } = message;
    const credential = headers.authorization ?? '';
    const asked = recorded.get(credential) ?? new Map<string, Asked>();
    recorded.set(credential, asked);
    const of = { method, path, upgrade, ...(status === undefined ? {} : { status }) };
    for (const one of askedBy(of)) asked.set(JSON.stringify(one), one);
  };
  const toUpstream = ({ method, url, headers }: IncomingMessage, more: RequestOptions = {}) =>
    request(new URL(url ?? '', upstream), {
      method,
      ca: ca as Buffer,
      ...more,
      headers: { ...headers, host: upstream.host },
    });

  const server = createServer((message, response) => {
    const passed = toUpstream(message, { agent });
    passed.once('response', (answer) => {
      record(message, false, answer.statusCode);
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.once('error', () => response.destroy());
    response.once('close', () => passed.destroy());
    message.pipe(passed);
  });
  server.on('upgrade', (message, socket) => {
    record(message, true, undefined);
    const passed = toUpstream(message);
    passed.once('upgrade', (answer, further, head) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
      socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
      socket.write(head);
      further.pipe(socket).pipe(further);
      further.once('error', () => socket.destroy());
      further.once('close', () => socket.destroy());
      socket.once('close', () => further.destroy());
    });
    passed.once('response', (answer) => {
      socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
    });
    passed.once('error', () => socket.destroy());
    socket.on('error', () => passed.destroy());
    passed.end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    askedWith: (token) => [...(recorded.get(`Bearer ${token}`)?.values() ?? [])],
    [Symbol.asyncDispose]: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function adminOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}
