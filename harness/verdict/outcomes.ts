import type { Outcome, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, machineTooBusy, measured, unless } from './judgement.ts';
import type { Judgement } from './verdict.ts';
import { requestsIn, type Window } from './window.ts';
import { count, countOutcomes, ms, tally } from './wording.ts';

/** The outcome that every request of a window must have. */
export interface OutcomeExpectation {
  /** One outcome, or several allowed outcomes. */
  expected: Outcome | readonly Outcome[];
  /** The most milliseconds from start to outcome: a failure must be prompt. */
  withinMs?: number;
  /** Requests needed to judge. Default 1. */
  atLeast?: number;
  window?: Window;
  scope?: string;
}

/**
 * Judges whether every request of a window has an expected outcome and, with `withinMs`, has it in time. Expected is, for
 * example, `denied` for each request, or one of several failures while a gateway is down. One unexpected outcome fails.
 *
 * Otherwise cannot judge with fewer than `atLeast` requests. Time counts from when a request was due, so an outcome that is
 * late by no more than the sender was (`lateMs` of the timeline) cannot be judged either.
 */
export function judgeOutcomes(options: { timeline: Timeline } & OutcomeExpectation): Judgement {
  const { timeline, expected, withinMs, atLeast = 1, window, scope } = options;
  const allowed = typeof expected === 'string' ? [expected] : expected;
  const requests = requestsIn(timeline, window);
  const counts = countOutcomes(requests);
  const others = [...counts].filter(([outcome]) => !allowed.includes(outcome));
  const unexpected = others.reduce((sum, [, n]) => sum + n, 0);
  const speed = speedOf(requests, withinMs, timeline.lateMs);

  const measurements = [
    measured('requests', requests.length, 'requests', { atLeast, scope }),
    measured(`requests with an outcome other than ${allowed.join(' or ')}`, unexpected, 'requests', {
      atMost: 0,
      scope,
    }),
    measured('slowest outcome', speed.slowestMs, 'ms', { atMost: withinMs, scope }),
  ];
  const complaints: string[] = [];
  if (unexpected > 0) {
    const detail = requests.find(({ outcome }) => !allowed.includes(outcome))?.detail;
    const example = detail === undefined ? '' : `, such as "${detail}"`;
    const seen = `${unexpected} of ${count(requests.length, 'request')}`;
    complaints.push(`${seen} were not ${allowed.join(' or ')}: ${tally(others)}${example}`);
  }
  if (speed.late) complaints.push(speed.late);
  if (complaints.length === 0 && speed.doubt) return machineTooBusy(speed.doubt, measurements);
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

/** The slowest outcome. `late` describes outcomes that are late in any case, `doubt` those that only a late sender explains. */
function speedOf(
  requests: readonly RequestRecord[],
  withinMs: number = Infinity,
  lateMs: number = 0,
): { slowestMs: number; late?: string; doubt?: string } {
  const tookMs = requests.map(({ startMs, endMs }) => endMs - startMs);
  const slowestMs = Math.round(tookMs.reduce((most, one) => Math.max(most, one), 0));
  const slow = tookMs.filter((one) => one > withinMs);
  const late = slow.filter((one) => one > withinMs + lateMs);
  const describe = (n: number) =>
    `${count(n, 'outcome')} took longer than ${ms(withinMs)}, the slowest ${ms(slowestMs)}`;
  if (late.length > 0) return { slowestMs, late: describe(late.length) };
  if (slow.length === 0) return { slowestMs };
  const busy = `but requests were sent up to ${ms(lateMs)} after they were due: this machine is too busy`;
  return { slowestMs, doubt: `${describe(slow.length)}, ${busy}` };
}
