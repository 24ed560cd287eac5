import type { RequestRecord } from '../traffic/timeline.ts';

/** {@link peakInFlight} of the latest `count` requests, such as those of a baseline. It leaves out the start of a sender. */
export function peakOfLatest(recording: { soFar: readonly Sent[] }, count: number): number {
  return peakInFlight(recording.soFar.toSorted((a, b) => a.startMs - b.startMs).slice(-count));
}

type Sent = Pick<RequestRecord, 'startMs' | 'endMs'>;

/**
 * The most requests that were in flight at one moment: sent, and not answered. At least 1. A fault may fail all requests
 * that an open-loop load has in flight.
 */
export function peakInFlight(requests: readonly Sent[]): number {
  // At the same moment, an answer counts before the next request.
  const changes = requests
    .flatMap(({ startMs, endMs }) => [[startMs, 1] as const, [endMs, -1] as const])
    .sort(([a, up], [b, down]) => a - b || up - down);
  let [now, most] = [0, 1];
  for (const [, change] of changes) most = Math.max(most, (now += change));
  return most;
}
