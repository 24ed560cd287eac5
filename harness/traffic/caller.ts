import { setTimeout as delay } from 'node:timers/promises';
import { timeouts } from '../base/timeouts.ts';
import { whileWaiting } from '../base/waiting.ts';
import { servicePorts, workloadPorts } from '../config/workload-names.ts';
import type { PortForward } from '../kube/port-forward.ts';
import type { MeshCluster, Pod } from '../mesh/attach.ts';
import { type Exchange, openTarget, send, type SendOptions, type Target } from './probe.ts';
import { callTcp } from './tcp.ts';
import type { RequestRecord } from './timeline.ts';
import { attemptTls, type TlsAttempt, type TlsResult } from './tls.ts';
import { TransportFailure } from './transport-failure.ts';
import { openTunnel } from './tunnel.ts';

/** A service by name, in the workloads' namespace unless `namespace` is given. */
export interface ServiceOptions {
  namespace?: string;
  /** Port of the Service; default 80, for TCP 9000. */
  port?: number;
}

interface Way {
  pod: Pod;
  forward: PortForward;
  target: Target;
}

/**
 * A pod of the mesh that sends requests for us: they leave through its sidecar, or as they are when it has none. Reached
 * through a port-forward with connections that are kept; when the pod was replaced, the next call finds its successor.
 * Dispose it to close the way.
 */
export class Caller implements AsyncDisposable {
  readonly cluster: MeshCluster;
  /** The service whose pod calls: `probe`, `probe-plain`, or any other of meshproof's workloads. */
  readonly service: string;
  #way: Promise<Way> | undefined;
  #closed = false;

  constructor(cluster: MeshCluster, service: string) {
    this.cluster = cluster;
    this.service = service;
  }

  /** The pod that calls. */
  async pod(): Promise<Pod> {
    return (await this.#open()).pod;
  }

  /**
   * An HTTP call to a service. `fresh` asks the calling pod for a new connection to its sidecar; how often the
   * sidecar connects anew is the mesh's own affair (DestinationRule, maxRequestsPerConnection).
   */
  call(service: string, options: SendOptions & ServiceOptions = {}): Promise<Exchange> {
    return this.callHost(this.#host(service, options, servicePorts.http), options);
  }

  /** An HTTP call to `host` or `host:port`, sent with that Host header. */
  callHost(host: string, options: SendOptions = {}): Promise<Exchange> {
    const { fresh, ...rest } = options;
    const headers = { ...options.headers, ...(fresh ? { 'x-meshproof-fresh': '1' } : {}) };
    return this.#through((way) =>
      send(way.target, { ...rest, headers, path: `/to/${host}${options.path ?? '/'}` }),
    );
  }

  /** An HTTP call to an address, such as a pod's: for what should not be reachable. */
  callAddress(ip: string, port: number, options: SendOptions = {}): Promise<Exchange> {
    return this.callHost(`${ip}:${port}`, options);
  }

  /** A TCP call to a service: a connection of its own, always. */
  callTcp(service: string, options: ServiceOptions & { timeoutMs?: number } = {}): Promise<RequestRecord> {
    const port = options.port ?? servicePorts.tcp;
    const host = this.#host(service, { ...options, port: servicePorts.http }, servicePorts.http);
    return this.#through((way) => callTcp({ host, port, via: way.forward }, options));
  }

  /**
   * Whether a TCP connection to an address is accepted. For a pod without a sidecar: a sidecar accepts every connection itself
   * before it makes its own.
   */
  canConnect(host: string, port: number): Promise<boolean> {
    return this.#through(async (way) => {
      const tunnel = await whileWaiting(() => openTunnel(way.forward, `${host}:${port}`));
      if ('refused' in tunnel) return false;
      tunnel.socket.destroy();
      return true;
    });
  }

  /** A TLS client at the pod's place: for addresses that only the mesh can reach. */
  attemptTls(attempt: Omit<TlsAttempt, 'via'>): Promise<TlsResult> {
    return this.#through((way) => attemptTls({ ...attempt, via: way.forward }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const way = await this.#way?.catch(() => undefined);
    this.#way = undefined;
    if (way) await close(way);
  }

  #host(service: string, options: ServiceOptions, defaultPort: number): string {
    const host = `${service}.${options.namespace ?? this.cluster.namespace}.svc.cluster.local`;
    return options.port === undefined || options.port === defaultPort ? host : `${host}:${options.port}`;
  }

  /** Runs `act`; when the way is found broken, once more over a new one. */
  async #through<T>(act: (way: Way) => Promise<T>): Promise<T> {
    const opened = this.#open();
    try {
      return await act(await opened);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      if (this.#way === opened) {
        this.#way = undefined;
        await close(await opened);
      }
      return act(await this.#open());
    }
  }

  #open(): Promise<Way> {
    // Who still calls is no longer waited for, as one of several calls at once has failed: nobody would close the way.
    if (this.#closed)
      return Promise.reject(new Error(`The way to ${this.service} in ${this.cluster.name} is closed.`));
    const opening = (this.#way ??= whileWaiting(() => this.#connect()));
    opening.catch(() => {
      if (this.#way === opening) this.#way = undefined;
    });
    return opening;
  }

  async #connect(): Promise<Way> {
    const pod = await this.#awaitPod();
    const forward = await this.cluster.portForward(pod, workloadPorts.call);
    const name = `${this.service} in ${this.cluster.name}`;
    // A connection is a websocket to the API server, some 30 ms of work at its end: a load that opened one for each request
    // under way would slow itself down.
    const origin = `http://${forward.host}:${forward.port}`;
    const target = openTarget(origin, { name, relay: forward, multiplexed: true });
    return { pod, forward, target };
  }

  /** A pod that was just replaced needs a moment. */
  async #awaitPod(): Promise<Pod> {
    const deadlineMs = performance.now() + timeouts.podReadyMs;
    for (;;) {
      try {
        return await this.cluster.readyPod(this.service);
      } catch (error) {
        if (performance.now() > deadlineMs) throw error;
        await delay(timeouts.pollMs);
      }
    }
  }
}

async function close(way: Way): Promise<void> {
  await way.target[Symbol.asyncDispose]();
  await way.forward[Symbol.asyncDispose]();
}
