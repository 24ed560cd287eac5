import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { timeouts } from '../timeouts.ts';
import type { Relay } from '../mesh/port-forward.ts';
import { classifyError } from './classify.ts';
import { processClock, type Clock } from './clock.ts';
import type { Origin, RequestRecord } from './timeline.ts';
import { openTunnel } from './tunnel.ts';
import { whileWaiting } from '../waiting.ts';

/** Where a TCP call goes: straight from here, or opened by a workload whose call port is at `via`. */
export interface TcpTarget {
  host: string;
  port: number;
  via?: Relay;
}

const originLine = z.object({
  service: z.string(),
  cluster: z.string(),
  region: z.string(),
  zone: z.string(),
  pod: z.string(),
});

/**
 * Said first by every call. A workload waits for it, and so does a sidecar that takes plain text as well as mutual TLS, to
 * tell them apart: a client that only listens would wait for ever
 * (https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols). Both want five bytes.
 */
const greeting = 'meshproof\n';

/**
 * Opens a connection, greets, and reads the line of JSON that a workload sends on its TCP port.
 *
 * Over TCP a proxy cannot say why it refuses: no upstream, a denial by policy and a reset all end the connection
 * without a byte, an `upstreamReset`. No line within `timeoutMs` is a `clientTimeout`, bytes that are no origin an
 * `appError`. Never rejects for what the mesh did; rejects with `TransportFailure` when the way to `via` is broken.
 */
export async function callTcp(
  target: TcpTarget,
  options: { timeoutMs?: number; clock?: Clock } = {},
): Promise<RequestRecord> {
  const clock = options.clock ?? processClock;
  const timeoutMs = options.timeoutMs ?? timeouts.requestMs;
  const startMs = clock.nowMs();
  const result = await whileWaiting(() => exchange(target, timeoutMs));
  return { startMs, endMs: clock.nowMs(), ...result };
}

async function exchange(
  target: TcpTarget,
  timeoutMs: number,
): Promise<Pick<RequestRecord, 'outcome' | 'origin' | 'detail'>> {
  if (!target.via) return read(connect(target.port, target.host), Buffer.alloc(0), timeoutMs);
  const tunnel = await openTunnel(target.via, `${target.host}:${target.port}`, timeoutMs);
  return 'refused' in tunnel ? tunnel.refused : read(tunnel.socket, tunnel.first, timeoutMs);
}

async function read(socket: Socket, first: Buffer, timeoutMs: number) {
  const pieces = [first];
  const deadline = AbortSignal.timeout(timeoutMs);
  deadline.addEventListener('abort', () => socket.destroy(overdue(socket, deadline.reason as Error)), {
    once: true,
  });
  try {
    socket.write(greeting);
    if (first.includes('\n')) return judge(first.toString());
    // The end of the line is the end of the answer: proxies may hold the end of the connection back for a second each.
    for await (const piece of socket) {
      pieces.push(piece as Buffer);
      if ((piece as Buffer).includes('\n')) break;
    }
    return judge(Buffer.concat(pieces).toString());
  } catch (error) {
    return classifyError(error);
  } finally {
    socket.destroy();
  }
}

/** A deadline that passes before there is a connection means that there is no way there, not that no one answers. */
function overdue(socket: Socket, reason: Error): Error {
  return socket.connecting
    ? Object.assign(new Error('no connection', { cause: reason }), { code: 'ETIMEDOUT' })
    : reason;
}

function judge(said: string): Pick<RequestRecord, 'outcome' | 'origin' | 'detail'> {
  if (said === '') return { outcome: 'upstreamReset', detail: 'the connection was closed without a byte' };
  const origin = parseOrigin(said);
  return origin
    ? { outcome: 'ok', origin }
    : { outcome: 'appError', detail: `not an origin: ${said.slice(0, 300)}` };
}

function parseOrigin(said: string): Origin | undefined {
  try {
    return originLine.safeParse(JSON.parse(said)).data;
  } catch {
    return undefined;
  }
}
