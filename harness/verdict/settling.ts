import type { RequestRecord } from '../traffic/timeline.ts';
import type { Good } from './outage.ts';

/** From when on every request was as wanted, until a recording or a phase of it ended. */
export interface Settling {
  /** The earliest answer among the requests that were all as wanted to the end; absent where it never settled. */
  settledMs?: number;
  /** How many requests in a row were as wanted at the end: the evidence that it settled. */
  inARow: number;
  /** The last request that was not as wanted. */
  lastOther?: RequestRecord;
}

/**
 * When traffic settled: not the first request as wanted, but the first after which all were. It counts as settled
 * from `enough` requests in a row on. `requests` are in order of `startMs`.
 */
export function settle(requests: readonly RequestRecord[], wanted: Good, enough: number): Settling {
  const last = requests.findLastIndex((request) => !wanted(request));
  const tail = requests.slice(last + 1);
  const settling: Settling = { inARow: tail.length };
  const lastOther = requests[last];
  if (lastOther !== undefined) settling.lastOther = lastOther;
  if (tail.length >= enough) settling.settledMs = Math.min(...tail.map(({ endMs }) => endMs));
  return settling;
}
