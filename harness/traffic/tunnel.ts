import { request } from 'node:http';
import type { Socket } from 'node:net';
import { timeouts } from '../timeouts.ts';
import type { Relay } from '../mesh/port-forward.ts';
import { classifyAnswer, type Classified } from './classify.ts';
import { TransportFailure } from './transport-failure.ts';

/** A TCP connection that a workload opened for us, or why it did not. */
export type Tunnel = { socket: Socket; first: Buffer } | { refused: Classified };

/**
 * Lets a workload open a TCP connection to `authority` (`host:port`), through its own sidecar where it has one: HTTP
 * CONNECT to its call port, `via` being a loopback address that leads there. Behind a sidecar the connection is made
 * as soon as the sidecar takes it: what is wrong further on shows as a connection that ends. Rejects with
 * {@link TransportFailure} when the workload was not reached or did not say why it refuses.
 */
export function openTunnel(
  via: Relay,
  authority: string,
  timeoutMs: number = timeouts.requestMs,
): Promise<Tunnel> {
  return new Promise((resolve, reject) => {
    const connect = request({
      host: via.host,
      port: via.port,
      method: 'CONNECT',
      path: authority,
      agent: false,
      timeout: timeoutMs,
    });
    connect.once('timeout', () => connect.destroy(new Error(`no answer to CONNECT within ${timeoutMs} ms`)));
    connect.once('error', (error) => {
      reject(new TransportFailure(`the workload that calls ${authority}`, via.lastFailure() ?? error));
    });
    connect.once('connect', (response, socket: Socket, first: Buffer) => {
      socket.setTimeout(0);
      if (response.statusCode === 200) return resolve({ socket, first });
      socket.destroy();
      // node:http hands over whatever of the body came with the headers.
      const answer = {
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: first.toString('latin1'),
      };
      resolve({ refused: classifyAnswer(answer) });
    });
    connect.end();
  });
}
