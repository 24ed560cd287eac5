import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { count, tally } from './wording.ts';

/** A span of a timeline in milliseconds on its clock, by `startMs`: from inclusive, to exclusive. */
export interface Window {
  fromMs?: number;
  toMs?: number;
}

/**
 * The requests of a timeline that started in a window, in order of `startMs` and then `endMs`.
 *
 * Every judgement orders requests by their start, because an outcome belongs to the moment of sending. In order of their end,
 * a hang would overlap with the recovery: its client timeout comes after the first good answer.
 */
export function requestsIn(timeline: Timeline, window: Window = {}): RequestRecord[] {
  const { fromMs = -Infinity, toMs = Infinity } = window;
  return timeline.requests
    .filter((request) => request.startMs >= fromMs && request.startMs < toMs)
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
}

/** A timeline without the requests that ended before an event. If the event is absent, it has no requests. */
export function since(timeline: Timeline, label: string): Timeline {
  const fromMs = timeline.events.find((event) => event.label === label)?.atMs ?? Infinity;
  return { ...timeline, requests: timeline.requests.filter(({ endMs }) => endMs > fromMs) };
}

/** The labels of the events that begin and end a fault. Healing is optional: not every recording waits for it. */
export interface FaultLabels {
  injected: string;
  healed?: string;
}

/** When a fault was injected and healed, or the `problem` with the events. */
export type FaultWindow = { injectedMs: number; healedMs: number; problem?: never } | { problem: string };

/**
 * Reads a fault's window from the events of a timeline. `healedMs` is `Infinity` if `labels.healed` is absent. An event that is
 * absent, or recorded more than once, is a problem: the window would be a guess.
 */
export function faultWindow(timeline: Timeline, labels: FaultLabels): FaultWindow {
  const times = (label: string) =>
    timeline.events.filter((event) => event.label === label).map(({ atMs }) => atMs);
  for (const label of [labels.injected, ...(labels.healed === undefined ? [] : [labels.healed])]) {
    const count = times(label).length;
    if (count === 1) continue;
    const events = timeline.events.map((event) => `"${event.label}"`).join(', ') || 'none';
    return { problem: `the event "${label}" was recorded ${count} times, not once (events: ${events})` };
  }
  const injectedMs = times(labels.injected)[0] ?? NaN;
  const healedMs = labels.healed === undefined ? Infinity : (times(labels.healed)[0] ?? NaN);
  if (healedMs < injectedMs) {
    return {
      problem: `"${labels.healed}" (${healedMs} ms) comes before "${labels.injected}" (${injectedMs} ms)`,
    };
  }
  return { injectedMs, healedMs };
}

/**
 * The reason why the requests before a fault do not prove a baseline, or `undefined`. At least `inARow` requests must have
 * ended before the fault, and all of them must be good.
 */
export function baselineProblem(
  requests: readonly RequestRecord[],
  injectedMs: number,
  good: Good,
  inARow: number,
): string | undefined {
  const before = requests.filter(({ endMs }) => endMs <= injectedMs);
  if (before.length < inARow)
    return `only ${count(before.length, 'request')} ended before the fault: the baseline needs ${inARow} good ones`;
  const bad = before.filter((request) => !good(request));
  if (bad.length === 0) return undefined;
  const seen = tally(
    bad.map(({ outcome, origin }) => [`${outcome}${origin ? ` from ${origin.region}` : ''}`, 1] as const),
  );
  return `no baseline: ${bad.length} of ${count(before.length, 'request')} before the fault were not as expected (${seen})`;
}

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
