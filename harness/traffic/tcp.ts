import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { Relay } from '../kube/port-forward.ts';
import { classifyError } from './classify.ts';
import { processClock, type Clock } from './clock.ts';
import type { Origin, RequestRecord } from './timeline.ts';
import { openTunnel } from './tunnel.ts';

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
  if (!target.via) return read(connect(target.port, target.host), timeoutMs);
  const tunnel = await openTunnel(target.via, `${target.host}:${target.port}`, timeoutMs);
  return 'refused' in tunnel ? tunnel.refused : read(tunnel.socket, timeoutMs);
}

async function read(socket: Duplex, timeoutMs: number) {
  const deadline = AbortSignal.timeout(timeoutMs);
  deadline.addEventListener('abort', () => socket.destroy(overdue(socket, deadline.reason as Error)), {
    once: true,
  });
  try {
    return judge(await firstLine(socket));
  } catch (error) {
    return classifyError(error);
  } finally {
    socket.destroy();
  }
}

/** What comes up to the end of a line, or of all. A proxy may follow the line with a reset: what came before it counts. */
function firstLine(socket: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    socket.on('data', (piece: Buffer) => {
      said += piece.toString();
      if (said.includes('\n')) resolve(said);
    });
    for (const over of ['end', 'close']) socket.once(over, () => resolve(said));
    socket.once('error', reject);
    socket.write(greeting);
  });
}

/** A deadline that passes before there is a connection means that there is no way there, not that no one answers. */
function overdue(socket: Duplex, reason: Error): Error {
  return 'connecting' in socket && socket.connecting === true
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
