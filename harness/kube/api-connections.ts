import type { RequestOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, request } from 'undici';

/** The most connections to one API server: with more, the server only queues requests. */
export const apiConnections = 6;

/** The largest answer that is read, in bytes. The list of 5,000 Services has less than 20 MiB. */
const largestAnswer = 256 * 1024 * 1024;

/** A request to an API server. */
export interface ApiRequest {
  method: Dispatcher.HttpMethod;
  url: string;
  headers?: Record<string, string>;
  body?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The beginning of an answer, with the times of this machine's clock in milliseconds. */
export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  sentMs: number;
  receivedMs: number;
  body: Dispatcher.ResponseData['body'];
}

interface Credential {
  headers: Record<string, string>;
  dispatcher: Dispatcher;
}

type Authenticated = Parameters<KubeConfig['applySecurityAuthentication']>[0];

/**
 * Connections to the API server of one KubeConfig, which both the typed clients and the reader use. They stay open between requests, since
 * a TLS handshake costs more than most answers; after a few idle seconds they are closed, and they do not keep a process from ending.
 * If a login program returns another client certificate, new connections are opened with it.
 */
export class ApiConnections implements Disposable {
  readonly #config: KubeConfig;
  #kept: { tls: object; dispatcher: Dispatcher } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  /** Reads the credential of the KubeConfig, from its login program if it names one. Throws the error of that program. */
  async credential(): Promise<Credential> {
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const { auth, headers } = options;
    const basic = auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
    const dispatcher = await this.#dispatcherFor(tlsOf(options));
    return { headers: { ...(headers as Record<string, string>), ...basic }, dispatcher };
  }

  /**
   * Sends a request; resolves when the headers of the answer are there, whatever its status.
   *
   * @throws the error of the connection, the reason of the signal, or the error of {@link credential}.
   */
  async send({ url, method, headers, body, signal }: ApiRequest): Promise<ApiAnswer> {
    signal?.throwIfAborted();
    const credential = await this.credential();
    const sentMs = Date.now();
    const answer = await request(url, {
      method,
      headers: { ...headers, ...credential.headers },
      dispatcher: credential.dispatcher,
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    });
    const joined = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(joined) as Record<string, string>,
      sentMs,
      receivedMs: Date.now(),
      body: answer.body,
    };
  }

  async #dispatcherFor(tls: object): Promise<Dispatcher> {
    if (this.#kept && isDeepStrictEqual(this.#kept.tls, tls)) return this.#kept.dispatcher;
    const dispatcher = (await this.#proxied()) ?? agentFor(tls);
    this.#kept = { tls, dispatcher };
    return dispatcher;
  }

  /** client-node's own connections through the proxy of the KubeConfig. */
  async #proxied(): Promise<Dispatcher | undefined> {
    if (this.#config.getCurrentCluster()?.proxyUrl === undefined) return undefined;
    let chosen: Dispatcher | undefined;
    const context = {
      setHeaderParam: () => undefined,
      setDispatcher: (dispatcher: Dispatcher) => (chosen = dispatcher),
    };
    await this.#config.applySecurityAuthentication(context as unknown as Authenticated);
    return chosen;
  }

  /** Closes all connections. A request that is under way fails. */
  [Symbol.dispose](): void {
    this.#kept?.dispatcher.destroy().catch(() => undefined);
  }
}

/** Not HTTP/2: a request that ends by its limit must end its connection, too, or a dead connection is used for minutes. */
const agentFor = (tls: object): Dispatcher =>
  new Agent({
    connections: apiConnections,
    allowH2: false,
    maxResponseSize: largestAnswer,
    connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 },
  });

/** The TLS settings in options that client-node has filled in; only those that are set. */
export function tlsOf(options: RequestOptions): Record<string, unknown> {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const all = Object.entries({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
