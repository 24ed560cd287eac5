import type { Good, RequestRecord } from '../traffic/timeline.ts';

/** How many good requests in a row prove that an outage is over: a single success proves nothing. */
export const defaultInARow = 5;

/** Answers with outcome `ok`; if given, also from one region and within a latency in milliseconds. */
export function answeredOk(options: { region?: string; withinMs?: number } = {}): Good {
  const { region, withinMs = Infinity } = options;
  return ({ outcome, origin, startMs, endMs }) =>
    outcome === 'ok' && (region === undefined || origin?.region === region) && endMs - startMs <= withinMs;
}

/**
 * A period during which users were not served, on the timeline's clock. Requests are in order of `startMs`: a client timeout
 * that arrives after the recovery still belongs to the outage in which the request was sent. The outage begins and ends at
 * the times of answers, `endMs`.
 */
export interface Outage {
  /**
   * The last good answer that had arrived when the first bad request was sent. Without one, the time when that request was
   * sent. It errs towards a longer outage, by at most one request interval and one latency.
   */
  beganMs: number;
  /** When the first bad request was sent; it may have been in flight at the fault. */
  firstBadMs: number;
  /** When the first failure arrived: the earliest `endMs` of the bad requests. */
  detectedMs: number;
  /** The earliest answer among the N good requests in a row that ended the outage; absent while it is unresolved. */
  recoveredMs?: number;
  /** Bad requests. */
  errors: number;
  /** Runs of fewer than N good requests inside the outage: the mesh recovered and failed again. */
  relapses: number;
}

/** How long an outage lasted, in milliseconds, or `undefined` while it is unresolved. */
export function durationMs(outage: Outage): number | undefined {
  return outage.recoveredMs === undefined ? undefined : outage.recoveredMs - outage.beganMs;
}

/** A period of a timeline during which users were not served. */
export interface Span {
  fromMs: number;
  toMs: number;
  errors: number;
}

/**
 * The time of all outages, as spans that do not overlap, so that no moment is counted twice. If answers are slow, an outage
 * can begin before the answer that ends the previous outage. An unresolved outage ends at `endMs`.
 */
export function spansOf(outages: readonly Outage[], endMs: number): Span[] {
  const spans: Span[] = [];
  for (const { beganMs, recoveredMs = endMs, errors } of outages.toSorted((a, b) => a.beganMs - b.beganMs)) {
    const last = spans.at(-1);
    if (last && beganMs <= last.toMs) {
      last.toMs = Math.max(last.toMs, recoveredMs);
      last.errors += errors;
    } else spans.push({ fromMs: beganMs, toMs: Math.max(beganMs, recoveredMs), errors });
  }
  return spans;
}

/**
 * Finds the outages of a recording, in order. An outage begins with a bad request and ends with the first of `inARow` good
 * requests in a row. The last outage is unresolved if the recording ends before that.
 *
 * @param requests in order of `startMs`, as `requestsIn` returns them.
 * @throws RangeError if `inARow` is below 1.
 */
export function findOutages(
  requests: readonly RequestRecord[],
  good: Good,
  inARow = defaultInARow,
): Outage[] {
  if (!(inARow >= 1)) throw new RangeError(`an outage cannot end with ${inARow} good requests in a row`);
  const outages: Outage[] = [];
  let current: Outage | undefined;
  let streak: RequestRecord[] = [];
  const answers = new Answers();
  for (const request of requests) {
    if (!good(request)) {
      if (current === undefined) outages.push((current = openedBy(request, answers)));
      else if (streak.length > 0) current.relapses += 1;
      current.errors += 1;
      current.detectedMs = Math.min(current.detectedMs, request.endMs);
      streak = [];
      continue;
    }
    answers.add(request.endMs);
    if (current === undefined) continue;
    streak.push(request);
    if (streak.length < inARow) continue;
    current.recoveredMs = Math.min(...streak.map(({ endMs }) => endMs));
    current = undefined;
    streak = [];
  }
  return outages;
}

function openedBy({ startMs, endMs }: RequestRecord, answers: Answers): Outage {
  const beganMs = answers.lastBy(startMs) ?? startMs;
  return { beganMs, firstBadMs: startMs, detectedMs: endMs, errors: 0, relapses: 0 };
}

/** The answers so far. Queries must be in order of time: answers before the last query are merged into one. */
class Answers {
  private arrivedMs: number | undefined;
  private pendingMs: number[] = [];

  add(endMs: number): void {
    this.pendingMs.push(endMs);
  }

  /** The last answer that arrived at or before a moment. */
  lastBy(momentMs: number): number | undefined {
    for (const endMs of this.pendingMs) {
      if (endMs <= momentMs && endMs > (this.arrivedMs ?? -Infinity)) this.arrivedMs = endMs;
    }
    this.pendingMs = this.pendingMs.filter((endMs) => endMs > momentMs);
    return this.arrivedMs;
  }
}
