import type { RequestRecord } from '../traffic/timeline.ts';
import type { Good } from './outage.ts';

/** From when on every request was as expected, until the end of a recording or phase. */
export interface Settling {
  /** The earliest answer among the requests that were all as expected to the end; absent if traffic did not settle. */
  settledMs?: number;
  /** The last request that was not as expected. */
  lastOther?: RequestRecord;
}

/**
 * Finds when traffic settled: the first request after which all requests were as expected, to the end. At least `enough`
 * requests in a row are needed. `requests` are in order of `startMs`.
 */
export function settle(requests: readonly RequestRecord[], expected: Good, enough: number): Settling {
  const last = requests.findLastIndex((request) => !expected(request));
  const tail = requests.slice(last + 1);
  const settling: Settling = {};
  const lastOther = requests[last];
  if (lastOther !== undefined) settling.lastOther = lastOther;
  if (tail.length >= enough) settling.settledMs = Math.min(...tail.map(({ endMs }) => endMs));
  return settling;
}
