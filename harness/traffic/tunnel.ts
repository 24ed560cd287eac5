import { connect, constants, type ClientHttp2Session } from 'node:http2';
import type { Duplex } from 'node:stream';
import { timeouts } from '../base/timeouts.ts';
import type { Relay } from '../kube/port-forward.ts';
import { classifyAnswer, type Classified } from './classify.ts';
import { TransportFailure } from './transport-failure.ts';

/** A TCP connection that a workload opened for meshproof, or the reason why it did not. */
export type Tunnel = { socket: Duplex } | { refused: Classified };

/**
 * Makes a workload open a TCP connection to `authority` (`host:port`), through its sidecar if it has one. It sends CONNECT
 * over HTTP/2 to the call port of the workload; `via` is a loopback address that forwards to that port. HTTP/2 reports the
 * end of the connection in a frame, while containerd delays the end of a port-forward for a second. A sidecar accepts the
 * connection at once, so a failure behind it shows as a connection that ends. Rejects with {@link TransportFailure} if the
 * workload is not reachable or does not report a reason.
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
    stream.setTimeout(timeoutMs, () => reject(new Error(`CONNECT got no answer within ${timeoutMs} ms`)));
    stream.once('error', reject);
    stream.once('close', () => {
      session.destroy();
      reject(new Error('CONNECT ended without an answer'));
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
