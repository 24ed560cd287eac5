import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge } from './judgement.ts';
import type { Judgement } from './verdict.ts';

/** A stretch in which a proxy had work and no processor ran it, on a timeline's clock. */
export interface Starved {
  fromMs: number;
  toMs: number;
  /** The longest that one of its threads waited in it. */
  waitedMs: number;
  /** The cluster of the proxy. */
  cluster: string;
}

/**
 * Proxies that waited for less of a request's time than this do not explain it. What is dropped once for a wait is sent again after up
 * to three times as long (TCP's first retransmission comes after a second, RFC 6298), so that waits of a quarter may.
 */
const explainingShare = 0.25;

/**
 * Judges a recording of a mesh that shares a machine with its load. Where a `fail` rests on bad requests whose time proxies spent
 * waiting for a processor, a good part of it, and nothing else speaks against the mesh, the machine was too slow to judge it: an
 * `error`. A `pass` stays one, and so does a `fail` that stands without those requests.
 */
export function judgeBesideStarvation(options: {
  timeline: Timeline;
  judge: (timeline: Timeline) => Judgement;
  good: Good;
  starved: readonly Starved[];
}): Judgement {
  const { timeline, judge, good, starved } = options;
  const judgement = judge(timeline);
  if (judgement.verdict !== 'fail') return judgement;
  const meanwhile = (request: RequestRecord) =>
    starved.filter(({ fromMs, toMs }) => fromMs < request.endMs && request.startMs < toMs);
  const explained = (request: RequestRecord) => {
    const waits = meanwhile(request);
    return waits.length > 0 && delayOf(request, waits) >= explainingShare * (request.endMs - request.startMs);
  };
  const doubtful = timeline.requests.filter((one) => !good(one) && explained(one));
  if (doubtful.length === 0) return judgement;
  const rest = timeline.requests.filter((one) => !doubtful.includes(one));
  if (judge({ ...timeline, requests: rest }).verdict === 'fail') return judgement;
  const [longest] = doubtful.flatMap(meanwhile).toSorted((a, b) => b.waitedMs - a.waitedMs);
  return cannotJudge(
    `this machine did not run the mesh: a proxy of ${longest?.cluster} waited ${Math.round(longest?.waitedMs ?? 0)} ms for a processor. ` +
      `All that speaks against the mesh were requests under way while proxies waited (${doubtful.length}): ${judgement.reason}`,
    judgement.measurements,
  );
}

/**
 * How long waits may have delayed a request: proxies on its way may wait one after the other, but in a stretch of time for no longer
 * than its part of the request.
 */
function delayOf({ startMs, endMs }: RequestRecord, waits: readonly Starved[]): number {
  const stretches = [...Map.groupBy(waits, ({ toMs }) => toMs)];
  const delaysMs = stretches.map(([toMs, together]) => {
    const fromMs = Math.min(...together.map((one) => one.fromMs));
    const waitedMs = together.reduce((sum, one) => sum + one.waitedMs, 0);
    return Math.min(Math.min(endMs, toMs) - Math.max(startMs, fromMs), waitedMs);
  });
  return delaysMs.reduce((sum, one) => sum + one, 0);
}
