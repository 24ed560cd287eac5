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

interface Connection {
  pod: Pod;
  forward: PortForward;
  target: Target;
}

/**
 * A pod of the mesh that sends requests for meshproof, through its sidecar if it has one. meshproof reaches the pod through
 * a port-forward and keeps the connection. If the pod is replaced, the next call uses the new pod. Dispose it to close the
 * connection.
 */
export class Caller implements AsyncDisposable {
  readonly cluster: MeshCluster;
  /** The service of the calling pod: `probe`, `probe-plain` or another workload of meshproof. */
  readonly service: string;
  #connection: Promise<Connection> | undefined;
  #closed = false;

  constructor(cluster: MeshCluster, service: string) {
    this.cluster = cluster;
    this.service = service;
  }

  /** The calling pod. */
  async pod(): Promise<Pod> {
    return (await this.#open()).pod;
  }

  /**
   * Calls a service over HTTP. `fresh` asks the calling pod for a new connection to its sidecar. The connections of the
   * sidecar to the service depend on the mesh (DestinationRule, maxRequestsPerConnection).
   */
  call(service: string, options: SendOptions & ServiceOptions = {}): Promise<Exchange> {
    return this.callHost(this.#host(service, options, servicePorts.http), options);
  }

  /** Calls `host` or `host:port` over HTTP, with that Host header. */
  callHost(host: string, options: SendOptions = {}): Promise<Exchange> {
    const { fresh, ...rest } = options;
    const headers = { ...options.headers, ...(fresh ? { 'x-meshproof-fresh': '1' } : {}) };
    return this.#through((connection) =>
      send(connection.target, { ...rest, headers, path: `/to/${host}${options.path ?? '/'}` }),
    );
  }

  /** Calls an address over HTTP, such as that of a pod: for endpoints that should not be reachable. */
  callAddress(ip: string, port: number, options: SendOptions = {}): Promise<Exchange> {
    return this.callHost(`${ip}:${port}`, options);
  }

  /** Calls a service over TCP, each time on a new connection. */
  callTcp(service: string, options: ServiceOptions & { timeoutMs?: number } = {}): Promise<RequestRecord> {
    const port = options.port ?? servicePorts.tcp;
    const host = this.#host(service, { ...options, port: servicePorts.http }, servicePorts.http);
    return this.#through((connection) => callTcp({ host, port, via: connection.forward }, options));
  }

  /**
   * Whether a TCP connection to an address is accepted. Use it with a pod without a sidecar: a sidecar accepts every
   * connection before it connects to the address.
   */
  canConnect(host: string, port: number): Promise<boolean> {
    return this.#through(async (connection) => {
      const tunnel = await whileWaiting(() => openTunnel(connection.forward, `${host}:${port}`));
      if ('refused' in tunnel) return false;
      tunnel.socket.destroy();
      return true;
    });
  }

  /** Connects to an address with TLS from the pod: for addresses that only the mesh can reach. */
  attemptTls(attempt: Omit<TlsAttempt, 'via'>): Promise<TlsResult> {
    return this.#through((connection) => attemptTls({ ...attempt, via: connection.forward }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    const connection = await this.#connection?.catch(() => undefined);
    this.#connection = undefined;
    if (connection) await close(connection);
  }

  #host(service: string, options: ServiceOptions, defaultPort: number): string {
    const host = `${service}.${options.namespace ?? this.cluster.namespace}.svc.cluster.local`;
    return options.port === undefined || options.port === defaultPort ? host : `${host}:${options.port}`;
  }

  /** Runs `act`. If the connection is broken, runs it again on a new connection. */
  async #through<T>(act: (connection: Connection) => Promise<T>): Promise<T> {
    const opened = this.#open();
    try {
      return await act(await opened);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      if (this.#connection === opened) {
        this.#connection = undefined;
        await close(await opened);
      }
      return act(await this.#open());
    }
  }

  #open(): Promise<Connection> {
    // If one of several concurrent calls fails, the others can still run after the disposal.
    if (this.#closed)
      return Promise.reject(
        new Error(`The connection to ${this.service} in ${this.cluster.name} is closed.`),
      );
    const opening = (this.#connection ??= whileWaiting(() => this.#connect()));
    opening.catch(() => {
      if (this.#connection === opening) this.#connection = undefined;
    });
    return opening;
  }

  async #connect(): Promise<Connection> {
    const pod = await this.#awaitPod();
    const forward = await this.cluster.portForward(pod, workloadPorts.call);
    const name = `${this.service} in ${this.cluster.name}`;
    // Each connection is a websocket that costs the API server about 30 ms. One connection for each concurrent request would
    // slow the load down.
    const origin = `http://${forward.host}:${forward.port}`;
    const target = openTarget(origin, { name, relay: forward, multiplexed: true });
    return { pod, forward, target };
  }

  /** Waits for a ready pod: a replaced pod takes some time. */
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

async function close(connection: Connection): Promise<void> {
  await connection.target[Symbol.asyncDispose]();
  await connection.forward[Symbol.asyncDispose]();
}
