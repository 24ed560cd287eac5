import type { RequestRecord } from '../traffic/timeline.ts';

/** {@link peakInFlight} of the latest requests, such as those of a baseline: what it took a sender to start is left out. */
export function peakOfLatest(recording: { soFar: readonly Sent[] }, count: number): number {
  return peakInFlight(recording.soFar.toSorted((a, b) => a.startMs - b.startMs).slice(-count));
}

type Sent = Pick<RequestRecord, 'startMs' | 'endMs'>;

/**
 * The most requests that were under way at one moment: sent, and not answered. What an open-loop load has in flight
 * when something breaks, so many may fail with it. At least 1.
 */
export function peakInFlight(requests: readonly Sent[]): number {
  // At the same moment an answer comes before the next request.
  const changes = requests
    .flatMap(({ startMs, endMs }) => [[startMs, 1] as const, [endMs, -1] as const])
    .sort(([a, up], [b, down]) => a - b || up - down);
  let [now, most] = [0, 1];
  for (const [, change] of changes) most = Math.max(most, (now += change));
  return most;
}
