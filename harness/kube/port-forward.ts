import { createServer, type AddressInfo, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { Exec } from '#kubernetes-client';
import { timeouts } from '../base/timeouts.ts';
import type { ClusterApi } from './cluster-api.ts';

/** A pod, by name. */
export interface PodRef {
  namespace: string;
  name: string;
}

/**
 * A loopback address of a relay that can break by itself. If a connection through the relay ends without an answer, the relay failed: that is
 * not evidence about the mesh.
 */
export interface Relay {
  host: string;
  port: number;
  /** The last failure of the relay itself since a connection through it last succeeded. */
  lastFailure(): Error | undefined;
  /** Connections to the relay that it has not opened to the target yet: their data has not been sent. */
  unopened(): number;
}

/** A port-forward to one pod: open until disposed. */
export interface PortForward extends Relay, AsyncDisposable {
  pod: PodRef;
}

/**
 * Listens on a free loopback port and relays each connection to `port` of the pod, in its network namespace, where it
 * arrives from loopback: a sidecar does not see it. One websocket to the API server a connection. Resolves as soon as it
 * listens; a pod that is not there shows in the first connection, which is then reset, and in `lastFailure()`.
 */
export async function openPortForward(api: ClusterApi, pod: PodRef, port: number): Promise<PortForward> {
  const where = `port ${port} of pod ${pod.namespace}/${pod.name} in cluster ${api.cluster}`;
  const sockets = new Set<Socket>();
  let failure: Error | undefined;
  let unopened = 0;
  const track = async <T>(opening: Promise<T>): Promise<T> => {
    unopened++;
    try {
      const opened = await opening;
      failure = undefined;
      return opened;
    } finally {
      unopened--;
    }
  };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    relay(api, pod, port, socket, track).catch((error: unknown) => {
      failure = new Error(`Cannot forward to ${where}: ${messageOf(error)}`, { cause: error });
      socket.resetAndDestroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    pod,
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    lastFailure: () => failure,
    unopened: () => unopened,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Relays one connection until either end closes. Rejects when the API server or the kubelet refuses or breaks it. */
async function relay(
  api: ClusterApi,
  pod: PodRef,
  port: number,
  socket: Socket,
  track: <T>(opening: Promise<T>) => Promise<T>,
): Promise<void> {
  socket.on('error', () => undefined); // its 'close' follows
  const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/portforward?ports=${port}`;
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined); // it may come before anyone waits for it
  // Each of the two channels, data and error, begins with the port number in two bytes.
  const headed = new Set<number>();
  const connecting = quietHandler(api).connect(path, null, (channel, data) => {
    const payload = headed.has(channel) ? data : data.subarray(2);
    headed.add(channel);
    if (payload.length === 0) return true;
    if (channel === 0) socket.write(payload);
    else broken.reject(new Error(payload.toString().trim()));
    return true;
  });
  const socketClosed = new Promise<void>((resolve) => socket.once('close', resolve));
  const ws = await track(withDeadline(connecting));
  try {
    const closed = new Promise<void>((resolve) => ws.addEventListener('close', () => resolve()));
    ws.addEventListener('error', (event: { message: string }) => broken.reject(new Error(event.message)));
    socket.on(
      'data',
      (data: Buffer) => ws.readyState === ws.OPEN && ws.send(Buffer.concat([channelZero, data])),
    );
    await Promise.race([closed.then(() => void socket.end()), socketClosed, broken.promise]);
    await Promise.race([socketClosed, broken.promise]);
  } finally {
    ws.close();
  }
}

const channelZero = Buffer.from([0]);

/**
 * client-node's websocket handler, which it exports only through Exec. If a server closes a channel, this handler
 * does not close this process's own standard streams.
 */
export function quietHandler(api: ClusterApi): Exec['handler'] {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  return Object.assign(new Exec(api.config).handler, { streams });
}

/** The websocket once it is open; one that opens after the deadline is closed again. */
export async function withDeadline<T extends { close(): void }>(connecting: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    connecting.then((ws) => ws.close()).catch(() => undefined);
    late.reject(new Error(`the API server did not open the connection within ${timeouts.apiMs} ms`));
  }, timeouts.apiMs);
  try {
    return await Promise.race([connecting, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Websocket libraries reject with an event rather than with an error. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  const event = error as { message?: unknown } | null;
  return typeof event?.message === 'string' ? event.message : String(error);
}
