import { Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request as secureRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { ClockReading } from './clock-offset.ts';

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

/** Above this many connections an API server only queues. */
const connections = 6;

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
  readonly #timers: NodeJS.Timeout[];
  readonly #read = new Map<string, Promise<unknown>>();

  /**
   * @param deadlineMs counts from now, for everything that is read.
   * @param silenceMs when nothing at all was answered by then, reading ends as well.
   */
  constructor(config: KubeConfig, deadlineMs: number, silenceMs = deadlineMs) {
    this.server = (config.getCurrentCluster()?.server ?? '').replace(/\/$/, '');
    const end = (afterMs: number) => this.#late.abort(new TimedOut(this.server, afterMs));
    this.#timers = [
      setTimeout(() => this.clock.length === 0 && end(silenceMs), silenceMs),
      setTimeout(() => end(deadlineMs), deadlineMs),
    ];
    this.#options = connectionOptions(config);
    this.#options.catch(() => undefined); // it is awaited by every request
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
  async review<T>(path: string, body: object): Promise<{ value: T; status: number }> {
    const { value, status } = await this.#ask('POST', path, 'application/json', JSON.stringify(body));
    return { value: value as T, status };
  }

  /** The text of an answer that is no JSON, such as a log. */
  async text(path: string): Promise<string> {
    return (await this.#send('GET', path, '*/*')).body;
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
  ): Promise<{ body: string; status: number }> {
    const url = new URL(`${this.server}${path}`);
    const options = await this.#options;
    const headers = {
      ...options.headers,
      accept,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const what = `${method} ${url.href}`;
    return new Promise((resolve, reject) => {
      const fail = (error: Error) =>
        reject(this.#late.signal.aborted ? (this.#late.signal.reason as TimedOut) : error);
      const sentMs = Date.now();
      const open = url.protocol === 'http:' ? plainRequest : secureRequest; // http: behind `kubectl proxy`
      const request = open(url, { ...options, method, headers, signal: this.#late.signal }, (response) => {
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

  [Symbol.dispose](): void {
    this.#timers.forEach(clearTimeout);
    this.#options.then(({ agent }) => agent instanceof PlainAgent && agent.destroy()).catch(() => undefined);
  }
}

/** No answer within the deadline. */
export class TimedOut extends Error {
  constructor(what: string, deadlineMs: number, cause?: unknown) {
    super(`${what}: no answer within ${deadlineMs} ms`, { cause });
  }
}

async function connectionOptions(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  // Its own agent keeps no connection; one that goes through a proxy is left as it is.
  if (config.getCurrentCluster()?.proxyUrl !== undefined) return options;
  if (config.getCurrentCluster()?.server.startsWith('http:')) return options;
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const given = Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
  const tls = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return { ...options, agent: new Agent({ ...tls, keepAlive: true, maxSockets: connections }) };
}
