import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, type RequestOptions, request as secureRequest } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { timeouts } from '../base/timeouts.ts';
import { apiConnections, tlsOf } from './api-connections.ts';

/** No answer within the deadline. */
export class TimedOut extends Error {
  constructor(what: string, deadlineMs: number, cause?: unknown) {
    super(`${what}: no answer within ${deadlineMs} ms`, { cause });
  }
}

/** `work`, or {@link TimedOut} when it has not ended within `ms`; the work itself is left to end by itself. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new TimedOut(what, ms)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A Date header, whole seconds by the clock of who answered, and when it was asked for by ours. */
export interface ClockReading {
  date: string | undefined;
  sentMs: number;
  receivedMs: number;
}

/** An API server said no: `status` is its HTTP status, 403 when the account may not. */
export class Refused extends Error {
  readonly status: number;

  constructor(what: string, status: number, body: string) {
    super(`${what}: status ${status}${said(body)}`);
    this.status = status;
  }
}

function said(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === 'string' ? `, ${message.slice(0, 300)}` : '';
  } catch {
    return ''; // not a Kubernetes Status: a proxy's page says nothing that belongs here
  }
}

/** The largest answer that is read, in bytes; 5,000 services are below 20 MiB. */
const largestAnswer = 256 * 1024 * 1024;

/**
 * Reads from one API server over a few connections that are kept, each answer within one deadline. It notes the server's
 * clock on the way: every answer has a Date header.
 */
export class KubeReader implements Disposable {
  readonly server: string;
  readonly clock: ClockReading[] = [];
  readonly #options: Promise<RequestOptions>;
  readonly #late = new AbortController();
  readonly #read = new Map<string, Promise<unknown>>();
  #timers: NodeJS.Timeout[] = [];
  #isClosed = false;

  /**
   * @param deadlineMs counts from when there is a credential, for everything that is read.
   * @param silenceMs when nothing at all was answered by then, counted likewise, reading ends as well.
   * @param credentialMs how long a login program of the kubeconfig may take.
   */
  constructor(
    config: KubeConfig,
    deadlineMs: number,
    silenceMs = deadlineMs,
    credentialMs: number = timeouts.credentialMs,
  ) {
    this.server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
    this.#options = connectionOptions(config, credentialMs).then((options) => {
      if (!this.#isClosed) this.#startTimers(deadlineMs, silenceMs);
      return options;
    });
    this.#options.catch(() => undefined); // it is awaited by every request
  }

  /** The server is not to blame for how long the credential took. */
  #startTimers(deadlineMs: number, silenceMs: number): void {
    const end = (afterMs: number) => this.#late.abort(new TimedOut(this.server, afterMs));
    this.#timers = [
      setTimeout(() => this.clock.length === 0 && end(silenceMs), silenceMs),
      setTimeout(() => end(deadlineMs), deadlineMs),
    ];
  }

  /** The answer as JSON. Throws {@link Refused}, or an error with what the connection said. */
  async get<T>(path: string, accept = 'application/json'): Promise<T> {
    return (await this.#ask('GET', path, accept)).value as T;
  }

  /** The same, read once however often it is asked for. */
  once(path: string): Promise<unknown> {
    const known = this.#read.get(path);
    if (known) return known;
    const reading = this.get(path);
    this.#read.set(path, reading);
    return reading;
  }

  /** Creates a review, which changes nothing: the answer and its status. Throws as {@link get} does. */
  review(path: string, body: object): Promise<{ value: unknown; status: number }> {
    return this.#ask('POST', path, 'application/json', JSON.stringify(body));
  }

  /** The text of an answer that is no JSON, such as a log; one that is not there after `deadlineMs` is given up. */
  async text(path: string, deadlineMs: number): Promise<string> {
    return (await this.#send('GET', path, '*/*', undefined, deadlineMs)).body;
  }

  async #ask(
    method: string,
    path: string,
    accept: string,
    body?: string,
  ): Promise<{ value: unknown; status: number }> {
    const answer = await this.#send(method, path, accept, body);
    try {
      return { value: JSON.parse(answer.body) as unknown, status: answer.status };
    } catch (error) {
      throw new Error(`${method} ${this.server}${path} answered with what is no JSON`, { cause: error });
    }
  }

  async #send(
    method: string,
    path: string,
    accept: string,
    body?: string,
    deadlineMs?: number,
  ): Promise<{ body: string; status: number }> {
    const url = new URL(`${this.server}${path}`);
    const options = await this.#options;
    const signal = this.#signalFor(`${method} ${url.href}`, deadlineMs);
    const headers = {
      ...options.headers,
      accept,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const what = `${method} ${url.href}`;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => reject(signal.aborted ? (signal.reason as TimedOut) : error);
      const sentMs = Date.now();
      const open = url.protocol === 'http:' ? plainRequest : secureRequest; // http: behind `kubectl proxy`
      const request = open(url, { ...options, method, headers, signal }, (response) => {
        const pieces: Buffer[] = [];
        let size = 0;
        this.clock.push({ date: response.headers.date, sentMs, receivedMs: Date.now() });
        response.on('data', (piece: Buffer) => {
          size += piece.length;
          if (size > largestAnswer) response.destroy(new Error(`${what}: more than ${largestAnswer} bytes`));
          pieces.push(piece);
        });
        response.once('error', fail);
        response.once('end', () => {
          const text = Buffer.concat(pieces).toString();
          const status = response.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve({ body: text, status });
          else reject(new Refused(what, status, text));
        });
      });
      request.once('error', fail);
      request.end(body);
    });
  }

  #signalFor(what: string, deadlineMs: number | undefined): AbortSignal {
    if (deadlineMs === undefined) return this.#late.signal;
    const own = new AbortController();
    const timer = setTimeout(() => own.abort(new TimedOut(what, deadlineMs)), deadlineMs);
    timer.unref(); // it is no reason to stay
    return AbortSignal.any([this.#late.signal, own.signal]);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timers.forEach(clearTimeout);
    this.#options.then(({ agent }) => agent instanceof PlainAgent && agent.destroy()).catch(() => undefined);
  }
}

/** The fields of a user that have a program asked for the credential. */
interface LoginFields {
  exec?: { command?: string } | null;
  authProvider?: { name?: string } | null;
}

/** A kubeconfig gave no credential, so nothing was asked. */
export class NoCredential extends Error {}

async function connectionOptions(config: KubeConfig, credentialMs: number): Promise<RequestOptions> {
  const options: RequestOptions = {};
  const { exec, authProvider } = (config.getCurrentUser() ?? {}) as LoginFields;
  const from = exec?.command ?? authProvider?.name ?? 'the kubeconfig';
  try {
    await within(credentialMs, from, config.applyToHTTPSOptions(options));
  } catch (cause) {
    if (cause instanceof TimedOut)
      throw new NoCredential(`no credential from ${from} within ${credentialMs} ms`);
    throw new NoCredential(`no credential from ${from}`, { cause });
  }
  // Its own agent keeps no connection; one that goes through a proxy is left as it is.
  if (config.getCurrentCluster()?.proxyUrl !== undefined) return options;
  if (config.getCurrentCluster()?.server.startsWith('http:')) return options;
  const agent = new Agent({ ...tlsOf(options), keepAlive: true, maxSockets: apiConnections });
  return { ...options, agent };
}
