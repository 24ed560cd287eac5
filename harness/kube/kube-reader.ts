import type { KubeConfig } from '@kubernetes/client-node';
import { timeouts } from '../base/timeouts.ts';
import { ApiConnections, type ApiAnswer, type ApiRequest } from './api-connections.ts';

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

/**
 * Reads from one API server, each answer within one deadline. It notes the clock of the server meanwhile: every answer has a Date header.
 */
export class KubeReader implements Disposable {
  readonly server: string;
  readonly clock: ClockReading[] = [];
  readonly #connections: ApiConnections;
  readonly #ready: Promise<void>;
  readonly #late = new AbortController();
  readonly #read = new Map<string, Promise<unknown>>();
  #timers: NodeJS.Timeout[] = [];
  #isClosed = false;

  /**
   * @param deadlineMs for all requests together, from the time when the credential is there.
   * @param silenceMs reading ends after this time if nothing was answered, counted from the same time.
   * @param credentialMs the longest that a login program of the kubeconfig may take.
   */
  constructor(
    config: KubeConfig,
    deadlineMs: number,
    silenceMs = deadlineMs,
    credentialMs: number = timeouts.credentialMs,
  ) {
    this.server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
    this.#connections = new ApiConnections(config);
    this.#ready = logIn(config, this.#connections, credentialMs).then(() => {
      if (!this.#isClosed) this.#startTimers(deadlineMs, silenceMs);
    });
    this.#ready.catch(() => undefined); // every request awaits it
  }

  /** The time of the login program does not count against the server. */
  #startTimers(deadlineMs: number, silenceMs: number): void {
    const end = (afterMs: number) => this.#late.abort(new TimedOut(this.server, afterMs));
    this.#timers = [
      setTimeout(() => this.clock.length === 0 && end(silenceMs), silenceMs),
      setTimeout(() => end(deadlineMs), deadlineMs),
    ];
  }

  /** The answer as JSON. Throws {@link Refused}, {@link NoCredential}, {@link TimedOut}, or the error of the connection. */
  async get<T>(path: string, accept = 'application/json'): Promise<T> {
    return (await this.#json({ method: 'GET', url: path, headers: { accept } })).value as T;
  }

  /** As {@link get}; a path is read once, however often it is asked for. */
  once(path: string): Promise<unknown> {
    const known = this.#read.get(path);
    if (known) return known;
    const reading = this.get(path);
    this.#read.set(path, reading);
    return reading;
  }

  /** Creates a review, which changes nothing: the answer and its status. Throws as {@link get} does. */
  review(path: string, body: object): Promise<{ value: unknown; status: number }> {
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    return this.#json({ method: 'POST', url: path, headers, body: JSON.stringify(body) });
  }

  /** The text of an answer that is not JSON, such as a log. Throws {@link TimedOut} if it is not complete after `deadlineMs`. */
  async text(path: string, deadlineMs: number): Promise<string> {
    const own = new AbortController();
    const late = () => own.abort(new TimedOut(`GET ${this.server}${path}`, deadlineMs));
    await this.#ready;
    const timer = setTimeout(late, deadlineMs);
    try {
      const signal = AbortSignal.any([this.#late.signal, own.signal]);
      const { body } = await this.#send({ method: 'GET', url: path, headers: { accept: '*/*' }, signal });
      return body;
    } finally {
      clearTimeout(timer);
    }
  }

  async #json(asked: ApiRequest): Promise<{ value: unknown; status: number }> {
    const { body, status } = await this.#send(asked);
    try {
      return { value: JSON.parse(body) as unknown, status };
    } catch (error) {
      throw new Error(`${asked.method} ${this.server}${asked.url}: the answer is not JSON`, { cause: error });
    }
  }

  /** The whole answer to a request, whose URL is a path. */
  async #send(asked: ApiRequest): Promise<{ body: string; status: number }> {
    await this.#ready;
    const url = `${this.server}${asked.url}`;
    const answer: ApiAnswer = await this.#connections.send({ signal: this.#late.signal, ...asked, url });
    const { headers, sentMs, receivedMs, status } = answer;
    this.clock.push({ date: headers['date'], sentMs, receivedMs });
    const body = await answer.body.text();
    if (status >= 200 && status < 300) return { body, status };
    throw new Refused(`${asked.method} ${url}`, status, body);
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timers.forEach(clearTimeout);
    this.#connections[Symbol.dispose]();
  }
}

/** The fields of a user that name a login program. */
interface LoginFields {
  exec?: { command?: string } | null;
  authProvider?: { name?: string } | null;
}

/** A kubeconfig gave no credential, so no request was sent. */
export class NoCredential extends Error {}

async function logIn(config: KubeConfig, connections: ApiConnections, credentialMs: number): Promise<void> {
  const { exec, authProvider } = (config.getCurrentUser() ?? {}) as LoginFields;
  const from = exec?.command ?? authProvider?.name ?? 'the kubeconfig';
  try {
    await within(credentialMs, from, connections.credential());
  } catch (cause) {
    if (cause instanceof TimedOut)
      throw new NoCredential(`no credential from ${from} within ${credentialMs} ms`);
    throw new NoCredential(`no credential from ${from}`, { cause });
  }
}
