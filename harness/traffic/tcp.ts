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

/** The target of a TCP call. The call starts here, or at the workload with the call port `via`. */
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
 * The first bytes of every call. A workload waits for them. A sidecar that accepts plain text and mutual TLS also does, to
 * detect the protocol: without them, the call would hang
 * (https://istio.io/latest/docs/ops/deployment/application-requirements/#server-first-protocols). Both need five bytes.
 */
const greeting = 'meshproof\n';

/**
 * Opens a connection, sends a greeting, and reads the line of JSON that a workload sends on its TCP port.
 *
 * Over TCP a proxy cannot report the reason of a refusal: a missing upstream, a denial by policy and a reset all end the
 * connection without a byte, an `upstreamReset`. Without a line within `timeoutMs` it is a `clientTimeout`, and other bytes
 * are an `appError`. Rejects only with `TransportFailure`, if the connection to `via` is broken.
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
    return outcomeOf(await firstLine(socket));
  } catch (error) {
    return classifyError(error);
  } finally {
    socket.destroy();
  }
}

/** Reads up to the end of a line or of the connection. A proxy can reset the connection after the line: the line still counts. */
function firstLine(socket: Duplex): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (piece: Buffer) => {
      text += piece.toString();
      if (text.includes('\n')) resolve(text);
    });
    for (const over of ['end', 'close']) socket.once(over, () => resolve(text));
    socket.once('error', reject);
    socket.write(greeting);
  });
}

/** If the deadline passes before the connection is open, the address is not reachable: that is not a timeout of the answer. */
function overdue(socket: Duplex, reason: Error): Error {
  return 'connecting' in socket && socket.connecting === true
    ? Object.assign(new Error('no connection', { cause: reason }), { code: 'ETIMEDOUT' })
    : reason;
}

function outcomeOf(line: string): Pick<RequestRecord, 'outcome' | 'origin' | 'detail'> {
  if (line === '') return { outcome: 'upstreamReset', detail: 'the connection was closed without a byte' };
  const origin = parseOrigin(line);
  return origin
    ? { outcome: 'ok', origin }
    : { outcome: 'appError', detail: `not an origin: ${line.slice(0, 300)}` };
}

function parseOrigin(line: string): Origin | undefined {
  try {
    return originLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
