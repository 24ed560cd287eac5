import { connect, constants, type ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { timeouts } from '../base/timeouts.ts';
import type { Relay } from '../kube/port-forward.ts';
import { classifyAnswer, type Classified } from './classify.ts';
import { TransportFailure } from './transport-failure.ts';

/** A TCP connection that a workload opened for us, or why it did not. */
export type Tunnel = { socket: Duplex } | { refused: Classified };

/**
 * Lets a workload open a TCP connection to `authority` (`host:port`), through its own sidecar where it has one: CONNECT over
 * HTTP/2 to its call port, `via` being a loopback address that leads there. HTTP/2 tells the end of the connection in a
 * frame; the end of a connection through a port-forward itself is held back for a second by containerd. Behind a sidecar the
 * connection is made as soon as the sidecar takes it: what is wrong further on shows as a connection that ends. Rejects with
 * {@link TransportFailure} when the workload was not reached or did not say why it refuses.
 */
export async function openTunnel(
  via: Relay,
  authority: string,
  timeoutMs: number = timeouts.requestMs,
): Promise<Tunnel> {
  const session = connect(`http://${via.host}:${via.port}`);
  try {
    const tunnel = await connectThrough(session, authority, timeoutMs);
    if ('refused' in tunnel) session.destroy();
    return tunnel;
  } catch (error) {
    session.destroy();
    throw new TransportFailure(`the workload that calls ${authority}`, via.lastFailure() ?? error);
  }
}

function connectThrough(session: ClientHttp2Session, authority: string, timeoutMs: number): Promise<Tunnel> {
  return new Promise((resolve, reject) => {
    session.once('error', reject);
    const stream = session.request({ ':method': 'CONNECT', ':authority': authority });
    stream.setTimeout(timeoutMs, () => reject(new Error(`no answer to CONNECT within ${timeoutMs} ms`)));
    stream.once('error', reject);
    stream.once('close', () => {
      session.destroy();
      reject(new Error('CONNECT was ended without an answer'));
    });
    stream.once('response', ({ ':status': status = 0, ...headers }) => {
      stream.setTimeout(0);
      if (status === constants.HTTP_STATUS_OK) return resolve({ socket: stream });
      const body: Buffer[] = [];
      stream.on('data', (piece: Buffer) => body.push(piece));
      stream.once('end', () =>
        resolve({ refused: classifyAnswer({ status, headers, body: Buffer.concat(body).toString() }) }),
      );
    });
  });
}
