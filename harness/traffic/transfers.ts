import { randomBytes } from 'node:crypto';
import { timeouts } from '../timeouts.ts';
import { compareBodies, type Arrivals, type Transfer } from '../verdict/integrity.ts';
import { expectedBytes, streamBytes } from './bodies.ts';
import type { Caller } from './caller.ts';
import type { Exchange } from './probe.ts';

/** How long a workload takes to send `/stream`: 1 KiB a second. */
export const streamMs = (streamBytes / 1024) * 1000;

/**
 * Asks a service for a body of so many bytes, at most 1 MiB. It may take as long as the stream: whether a body arrives
 * whole is the question, not how fast.
 */
export async function download(caller: Caller, service: string, bytes: number): Promise<Transfer> {
  const exchange = await caller.call(service, { path: `/bytes/${bytes}`, timeoutMs: streamMs });
  return transferOf('download', exchange, expectedBytes(bytes));
}

/** Sends a service so many random bytes, at most 4 MiB, and takes them back; {@link download} says how long it may take. */
export async function echo(caller: Caller, service: string, bytes: number): Promise<Transfer> {
  const body = randomBytes(bytes);
  const options = { method: 'POST', path: '/echo', body, timeoutMs: streamMs } as const;
  return transferOf('echo', await caller.call(service, options), body);
}

/** Takes a service's stream, piece by piece. */
export async function takeStream(
  caller: Caller,
  service: string,
): Promise<{ transfer: Transfer; arrivals: Arrivals }> {
  const arrivedMs: number[] = [];
  const exchange = await caller.call(service, {
    path: '/stream',
    timeoutMs: streamMs + timeouts.requestMs,
    onData: (_, atMs) => arrivedMs.push(atMs),
  });
  const since = (atMs: number) => atMs - exchange.startMs;
  return {
    transfer: transferOf('stream', exchange, expectedBytes(streamBytes)),
    arrivals: { arrivedMs: arrivedMs.map(since), endMs: since(exchange.endMs) },
  };
}

function transferOf(what: string, exchange: Exchange, expected: Buffer): Transfer {
  const { outcome, detail, origin, body: received } = exchange;
  return {
    ...{ what, outcome, ...compareBodies(expected, received) },
    ...(detail === undefined ? {} : { detail }),
    ...(origin === undefined ? {} : { from: origin.cluster }),
  };
}
