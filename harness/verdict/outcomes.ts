import type { Outcome, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { requestsIn, type Window } from './window.ts';
import { count, countOutcomes, ms, tally } from './wording.ts';

/** What every request of a window must come to. */
export interface OutcomeExpectation {
  /** One outcome, or several of which each request must have one. */
  expected: Outcome | readonly Outcome[];
  /** The most milliseconds from start to outcome: a failure must be prompt, not a hang. */
  withinMs?: number;
  /** Requests needed to judge. Default 1. */
  atLeast?: number;
  window?: Window;
  scope?: string;
}

/**
 * Judges whether every request of a window has an expected outcome (`denied` everywhere; one of the named failures
 * while a gateway is down) and, where asked, had it in time. With fewer than `atLeast` requests it cannot judge,
 * though one wrong outcome fails it all the same. Nor can it where an outcome was late by no more than the sender of the
 * requests was (`lateMs` of the timeline): time counts from when a request was due.
 */
export function judgeOutcomes(options: { timeline: Timeline } & OutcomeExpectation): Judgement {
  const { timeline, expected, withinMs, atLeast = 1, window, scope } = options;
  const allowed = typeof expected === 'string' ? [expected] : expected;
  const requests = requestsIn(timeline, window);
  const counts = countOutcomes(requests);
  const others = [...counts].filter(([outcome]) => !allowed.includes(outcome));
  const amiss = others.reduce((sum, [, n]) => sum + n, 0);
  const speed = speedOf(requests, withinMs, timeline.lateMs);

  const measurements = [
    measured('requests', requests.length, 'requests', { atLeast, scope }),
    measured(`requests with an outcome other than ${allowed.join(' or ')}`, amiss, 'requests', {
      atMost: 0,
      scope,
    }),
    measured('slowest outcome', speed.slowestMs, 'ms', { atMost: withinMs, scope }),
  ];
  const complaints: string[] = [];
  if (amiss > 0) {
    const detail = requests.find(({ outcome }) => !allowed.includes(outcome))?.detail;
    const example = detail === undefined ? '' : `, such as "${detail}"`;
    const seen = `${amiss} of ${count(requests.length, 'request')}`;
    complaints.push(`${seen} were not ${allowed.join(' or ')}: ${tally(others)}${example}`);
  }
  if (speed.late) complaints.push(speed.late);
  if (complaints.length === 0 && speed.doubt) return cannotJudge(speed.doubt, measurements);
  if (complaints.length === 0 && requests.length < Math.max(1, atLeast)) {
    return cannotJudge(
      `${count(requests.length, 'request')} are too few: ${atLeast} are needed`,
      measurements,
    );
  }
  const promptly =
    withinMs === undefined ? '' : `, the slowest after ${ms(speed.slowestMs)} of at most ${ms(withinMs)}`;
  return unless(
    complaints,
    `all ${count(requests.length, 'request')} as expected: ${tally(counts)}${promptly}`,
    measurements,
  );
}

/** The slowest outcome; in words, what came late whoever was busy, and what may have been late only as its sender was. */
function speedOf(
  requests: readonly RequestRecord[],
  withinMs: number = Infinity,
  lateMs: number = 0,
): { slowestMs: number; late?: string; doubt?: string } {
  const tookMs = requests.map(({ startMs, endMs }) => endMs - startMs);
  const slowestMs = Math.round(tookMs.reduce((most, one) => Math.max(most, one), 0));
  const slow = tookMs.filter((one) => one > withinMs);
  const late = slow.filter((one) => one > withinMs + lateMs);
  const inWords = (n: number) =>
    `${count(n, 'outcome')} took longer than ${ms(withinMs)}, the slowest ${ms(slowestMs)}`;
  if (late.length > 0) return { slowestMs, late: inWords(late.length) };
  if (slow.length === 0) return { slowestMs };
  const busy = `but requests were sent up to ${ms(lateMs)} after they were due: this machine is too busy`;
  return { slowestMs, doubt: `${inWords(slow.length)}, ${busy}` };
}
