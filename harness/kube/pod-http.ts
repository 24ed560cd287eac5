import { Pool } from 'undici';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import type { ClusterApi } from './cluster-api.ts';
import { openPortForward, type PodRef, type PortForward } from './port-forward.ts';

/** HTTP to one port of one pod, through a port-forward that is opened when first needed and kept. */
export class PodHttp implements AsyncDisposable {
  readonly cluster: string;
  readonly pod: PodRef;
  readonly #api: ClusterApi;
  readonly #port: number;
  #open: Promise<{ forward: PortForward; pool: Pool }> | undefined;

  constructor(api: ClusterApi, pod: PodRef, port: number) {
    this.cluster = api.cluster;
    this.pod = pod;
    this.#api = api;
    this.#port = port;
  }

  /** The body of a 200. Throws an error that names the cluster, pod, port and path, and what came back instead. */
  async ask(path: string, method: 'GET' | 'POST' = 'GET'): Promise<string> {
    return (await this.answer(path, method)).text;
  }

  /** The same with the Date header, which is of the clock of the pod's node. */
  answer(path: string, method: 'GET' | 'POST' = 'GET'): Promise<{ text: string; date: string | undefined }> {
    return whileWaiting(() => this.#ask(path, method));
  }

  async #ask(path: string, method: 'GET' | 'POST'): Promise<{ text: string; date: string | undefined }> {
    const { forward, pool } = await (this.#open ??= this.#connect());
    const where = `port ${this.#port} of ${this.pod.namespace}/${this.pod.name} in cluster ${this.cluster}`;
    const failed = (said: string, cause?: unknown) =>
      new Error(`${method} ${path} at ${where} failed: ${said}`, { cause });
    try {
      const signal = AbortSignal.timeout(timeouts.apiMs);
      const { statusCode, headers, body } = await pool.request({ path, method, signal });
      const text = await body.text();
      const date = typeof headers.date === 'string' ? headers.date : undefined;
      if (statusCode === 200) return { text, date };
      throw failed(`${statusCode} ${text.slice(0, 200)}`);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith(method)) throw error;
      const cause = forward.lastFailure() ?? error;
      throw failed(cause instanceof Error ? cause.message : String(cause), cause);
    }
  }

  async #connect(): Promise<{ forward: PortForward; pool: Pool }> {
    const forward = await openPortForward(this.#api, this.pod, this.#port);
    return { forward, pool: new Pool(`http://${forward.host}:${forward.port}`, { connections: 4 }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    this.#open = undefined;
    await open?.pool.destroy();
    await open?.forward[Symbol.asyncDispose]();
  }
}
