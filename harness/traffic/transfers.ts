import { randomBytes } from 'node:crypto';
import { timeouts } from '../base/timeouts.ts';
import { expectedBytes, streamBytes } from './bodies.ts';
import type { Caller } from './caller.ts';
import type { Exchange } from './probe.ts';
import type { Outcome } from './timeline.ts';

/** How the body of one transfer arrived. The record does not keep the body itself: some bodies are large. */
export interface Transfer extends Compared {
  /** "download", "echo", "stream". */
  what: string;
  outcome: Outcome;
  detail?: string;
  /** The cluster that answered. */
  from?: string;
}

/** A received body compared with the expected one. */
export interface Compared {
  expectedBytes: number;
  receivedBytes: number;
  /** The offset of the first byte that differs; absent if the received bytes are all correct. */
  wrongAt?: number;
}

/** Compares bodies byte by byte. */
export function compareBodies(expected: Buffer, received: Buffer): Compared {
  const wrongAt = received.equals(expected)
    ? -1
    : received.findIndex((byte, index) => byte !== expected[index]);
  return {
    expectedBytes: expected.length,
    receivedBytes: received.length,
    ...(wrongAt >= 0 ? { wrongAt } : {}),
  };
}

/** When the pieces of a stream arrived and when it ended, in ms since the request was sent, in order. */
export interface Arrivals {
  arrivedMs: readonly number[];
  endMs: number;
}

/** The duration of `/stream` in milliseconds: a workload sends 1 KiB a second. */
export const streamMs = (streamBytes / 1024) * 1000;

/**
 * Downloads a body of `bytes` bytes, at most 1 MiB, from a service. The timeout is the duration of the stream: the transfer
 * has to be complete, not fast.
 */
export async function download(caller: Caller, service: string, bytes: number): Promise<Transfer> {
  const exchange = await caller.call(service, { path: `/bytes/${bytes}`, timeoutMs: streamMs });
  return transferOf('download', exchange, expectedBytes(bytes));
}

/** Sends `bytes` random bytes, at most 4 MiB, to a service and reads them back, with the timeout of {@link download}. */
export async function echo(caller: Caller, service: string, bytes: number): Promise<Transfer> {
  const body = randomBytes(bytes);
  const options = { method: 'POST', path: '/echo', body, timeoutMs: streamMs } as const;
  return transferOf('echo', await caller.call(service, options), body);
}

/** Reads the stream of a service piece by piece. */
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
    what,
    outcome,
    ...compareBodies(expected, received),
    ...(detail === undefined ? {} : { detail }),
    ...(origin === undefined ? {} : { from: origin.cluster }),
  };
}
