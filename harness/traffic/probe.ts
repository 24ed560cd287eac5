import { H2CClient, Pool, type Dispatcher } from 'undici';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { Relay } from '../kube/port-forward.ts';
import { classifyAnswer, classifyError } from './classify.ts';
import { processClock, type Clock } from './clock.ts';
import type { RequestRecord } from './timeline.ts';
import { TransportFailure } from './transport-failure.ts';

/** The target of requests. {@link openTarget} opens it. It holds connections until it is disposed. */
export interface Target extends AsyncDisposable {
  /** Its name in errors: "ingress of west". */
  readonly name: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Put before every path: `/to/catalog.meshproof.svc.cluster.local`. */
  readonly basePath: string;
  /** Sent with every request; `host` overrides the origin's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly pool: Dispatcher;
  /** The port-forward to the target, which can fail by itself. A connection that ends without an answer then says nothing about the mesh. */
  readonly relay?: Pick<Relay, 'lastFailure' | 'unopened'>;
}

/** A request. Everything has a default: GET `/`. */
export interface SendOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** The path with its query; default `/`. */
  path?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer | string;
  /** Uses a new connection and closes it after the answer. Default: a keep-alive connection of the pool. */
  fresh?: boolean;
  /** From the call to the last byte; default {@link timeouts.requestMs}. */
  timeoutMs?: number;
  /** The clock of the record's times; default: that of the process. */
  clock?: Clock;
  /** Called with each piece of the body when it arrives, and with the time on the clock. */
  onData?: (piece: Buffer, atMs: number) => void;
}

/** A request and its answer. */
export interface Exchange extends RequestRecord {
  /** Names in lower case; empty without an answer. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The received part of the body. */
  body: Buffer;
}

/** Streams of one HTTP/2 connection: more than the concurrent requests of any load of meshproof. */
const maxStreams = 4096;

/**
 * Opens a pool of connections to `origin` (scheme, host, port). The pool opens connections on demand without a limit, so it
 * does not slow an open-loop load. Set `multiplexed` if connections are expensive, such as a port-forward, and the origin
 * supports HTTP/2 without TLS: all requests then share one connection.
 */
export function openTarget(
  origin: string,
  options: {
    name?: string;
    basePath?: string;
    headers?: Readonly<Record<string, string>>;
    relay?: Pick<Relay, 'lastFailure' | 'unopened'>;
    multiplexed?: boolean;
  } = {},
): Target {
  // The answer timeouts of undici are off: each request has one deadline for everything.
  const settings = { headersTimeout: 0, bodyTimeout: 0, connect: { timeout: timeouts.connectMs } };
  const pool = options.multiplexed
    ? new H2CClient(origin, { ...settings, maxConcurrentStreams: maxStreams, pipelining: maxStreams })
    : new Pool(origin, { ...settings, pipelining: 1 });
  return {
    name: options.name ?? origin,
    origin,
    basePath: options.basePath ?? '',
    headers: options.headers ?? {},
    pool,
    ...(options.relay ? { relay: options.relay } : {}),
    [Symbol.asyncDispose]: () => pool.destroy(),
  };
}

/**
 * Sends one request and returns its outcome. A refused connection, a reset and a timeout are outcomes, not errors. Rejects
 * with {@link TransportFailure} if the connection from meshproof to the target is broken.
 */
export function send(target: Target, options: SendOptions = {}): Promise<Exchange> {
  return whileWaiting(() => exchange(target, options));
}

async function exchange(target: Target, options: SendOptions): Promise<Exchange> {
  const clock = options.clock ?? processClock;
  const startMs = clock.nowMs();
  const pieces: Buffer[] = [];
  let answered = false;
  try {
    const response = await target.pool.request(requestOf(target, options));
    answered = true;
    for await (const piece of response.body as AsyncIterable<Buffer>) {
      pieces.push(piece);
      options.onData?.(piece, clock.nowMs());
    }
    const endMs = clock.nowMs();
    const body = Buffer.concat(pieces);
    const { statusCode: status, headers } = response;
    const classified = classifyAnswer({ status, headers, body: body.toString('latin1', 0, 512) });
    return { startMs, endMs, status, ...classified, headers, body };
  } catch (error) {
    const classified = classifyError(error);
    if (target.relay && !answered && (classified.outcome !== 'clientTimeout' || target.relay.unopened() > 0))
      throw new TransportFailure(target.name, target.relay.lastFailure() ?? error);
    return { startMs, endMs: clock.nowMs(), ...classified, headers: {}, body: Buffer.concat(pieces) };
  }
}

function requestOf(target: Target, options: SendOptions): Dispatcher.RequestOptions {
  return {
    method: options.method ?? 'GET',
    path: target.basePath + (options.path ?? '/'),
    headers: { ...target.headers, ...options.headers },
    body: options.body ?? null,
    reset: options.fresh ?? false,
    signal: AbortSignal.timeout(options.timeoutMs ?? timeouts.requestMs),
  };
}

/** The part of an exchange that a timeline keeps. */
export function recordOf(exchange: Exchange): RequestRecord {
  const { headers: _headers, body: _body, ...record } = exchange;
  return record;
}
