import { H2CClient, Pool, type Dispatcher } from 'undici';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { Relay } from '../kube/port-forward.ts';
import { classifyAnswer, classifyError } from './classify.ts';
import { processClock, type Clock } from './clock.ts';
import type { RequestRecord } from './timeline.ts';
import { TransportFailure } from './transport-failure.ts';

/** Where requests are sent to. Made by {@link openTarget}; holds connections until closed. */
export interface Target extends AsyncDisposable {
  /** How errors name it: "ingress of west". */
  readonly name: string;
  /** Scheme, host and port. */
  readonly origin: string;
  /** Put before every path: `/to/catalog.meshproof.svc.cluster.local`. */
  readonly basePath: string;
  /** Sent with every request; `host` overrides the origin's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly pool: Dispatcher;
  /** What leads there, where it can break by itself: a connection that ends without an answer is then no evidence. */
  readonly relay?: Pick<Relay, 'lastFailure' | 'unopened'>;
}

/** What to ask for. Everything has a default: GET `/`. */
export interface SendOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** With its query; default `/`. */
  path?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer | string;
  /** A connection of its own, closed after the answer. Default: one of the pool, kept alive. */
  fresh?: boolean;
  /** From the call to the last byte; default {@link timeouts.requestMs}. */
  timeoutMs?: number;
  /** The clock of the record's times; default: that of the process. */
  clock?: Clock;
  /** Is told of each piece of the body as it arrives, with its time on the clock. */
  onData?: (piece: Buffer, atMs: number) => void;
}

/** A request and all that came back. */
export interface Exchange extends RequestRecord {
  /** Names in lower case; empty when no answer came. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As much as came back. */
  body: Buffer;
}

/** Streams of one HTTP/2 connection; more than any load of ours has under way. */
const maxStreams = 4096;

/**
 * Opens a pool of connections to `origin` (scheme, host, port). Connections are made as requests need them, without a
 * limit: an open-loop load is never slowed by the pool. `multiplexed` is for origins where a connection is dear, such as a
 * port-forward, and that speak HTTP/2 without TLS: all requests then share one.
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
  // undici's timeouts of an answer are off: each request has one deadline over all of it.
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
 * Sends one request and says what became of it. Never rejects for what the mesh did: a refused connection, a reset and a
 * timeout are outcomes. Rejects with {@link TransportFailure} when the way to the target itself is broken.
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

/** The record of an exchange, without what only its caller needs: what a timeline keeps. */
export function recordOf(exchange: Exchange): RequestRecord {
  const { headers: _headers, body: _body, ...record } = exchange;
  return record;
}
