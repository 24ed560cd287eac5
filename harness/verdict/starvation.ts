import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { machineTooBusy } from './judgement.ts';
import type { Judgement } from './verdict.ts';

/** A period in which a proxy had work and waited for a processor, on a timeline's clock. */
export interface Starved {
  fromMs: number;
  toMs: number;
  /** The longest wait of one of the proxy's threads in the period. */
  waitedMs: number;
  /** The cluster of the proxy. */
  cluster: string;
}

/**
 * Waits of proxies explain a bad request only if they last for at least this share of its time. TCP retransmits a dropped
 * packet for the first time after one second (RFC 6298), which may be three times the wait, so a quarter is enough.
 */
const explainingShare = 0.25;

/**
 * A proxy that waits this long makes healthy hosts time out, so that callers eject them, in milliseconds. Then Envoy does not have a
 * healthy host, although the proxy runs again. On a lab that is under load alone, waits are shorter (harness/suite/cpu-starvation.ts).
 */
export const ejectingMs = 500;
/** For how long such an ejection explains `noHealthyUpstream`: Envoy's default of the base ejection time. */
const ejectedMs = 30_000;

/**
 * Judges a recording of a mesh that shares a machine with its load. If proxies waited for a processor during a large part of
 * a bad request, the request is doubtful. So is a `noHealthyUpstream` soon after a proxy waited for half a second. A `fail` becomes an `error` if the recording passes without the doubtful requests:
 * the machine was too slow to judge the mesh. All other judgements stay.
 */
export function judgeWithStarvation(options: {
  timeline: Timeline;
  judge: (timeline: Timeline) => Judgement;
  good: Good;
  starved: readonly Starved[];
}): Judgement {
  const { timeline, judge, good, starved } = options;
  const judgement = judge(timeline);
  if (judgement.verdict !== 'fail') return judgement;
  const waitsDuring = (request: RequestRecord) =>
    starved.filter(({ fromMs, toMs }) => fromMs < request.endMs && request.startMs < toMs);
  const explained = (request: RequestRecord) => {
    const waits = waitsDuring(request);
    return waits.length > 0 && delayOf(request, waits) >= explainingShare * (request.endMs - request.startMs);
  };
  const afterEjection = ({ outcome, endMs }: RequestRecord) =>
    outcome === 'noHealthyUpstream' && longWaits(starved, endMs).length > 0;
  const doubtful = timeline.requests.filter((one) => !good(one) && (explained(one) || afterEjection(one)));
  if (doubtful.length === 0) return judgement;
  const rest = timeline.requests.filter((one) => !doubtful.includes(one));
  if (judge({ ...timeline, requests: rest }).verdict === 'fail') return judgement;
  const waits = doubtful.flatMap((one) => [...waitsDuring(one), ...longWaits(starved, one.endMs)]);
  const [longest] = waits.toSorted((a, b) => b.waitedMs - a.waitedMs);
  return machineTooBusy(
    `this machine is too busy: a proxy of ${longest?.cluster} waited ${Math.round(longest?.waitedMs ?? 0)} ms for a processor. ` +
      `Only requests that proxies delayed or refused because of that (${doubtful.length}) broke the promise: ${judgement.reason}`,
    judgement.measurements,
  );
}

/** The waits that may have led to an ejection at a moment. */
const longWaits = (starved: readonly Starved[], atMs: number): Starved[] =>
  starved.filter(
    ({ fromMs, waitedMs }) => waitedMs >= ejectingMs && fromMs <= atMs && atMs - fromMs <= ejectedMs,
  );

/**
 * How long waits may have delayed a request, in milliseconds. Proxies on its path may wait one after another, but within one
 * period for no longer than the request overlaps with it.
 */
function delayOf({ startMs, endMs }: RequestRecord, waits: readonly Starved[]): number {
  const periods = [...Map.groupBy(waits, ({ toMs }) => toMs)];
  const delaysMs = periods.map(([toMs, together]) => {
    const fromMs = Math.min(...together.map((one) => one.fromMs));
    const waitedMs = together.reduce((sum, one) => sum + one.waitedMs, 0);
    return Math.min(Math.min(endMs, toMs) - Math.max(startMs, fromMs), waitedMs);
  });
  return delaysMs.reduce((sum, one) => sum + one, 0);
}
