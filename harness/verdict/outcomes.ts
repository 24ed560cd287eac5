import type { Outcome, Timeline } from '../traffic/timeline.ts';
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
 * though one wrong outcome fails it all the same.
 */
export function judgeOutcomes(options: { timeline: Timeline } & OutcomeExpectation): Judgement {
  const { timeline, expected, withinMs, atLeast = 1, window, scope } = options;
  const allowed = typeof expected === 'string' ? [expected] : expected;
  const requests = requestsIn(timeline, window);
  const counts = countOutcomes(requests);
  const others = [...counts].filter(([outcome]) => !allowed.includes(outcome));
  const amiss = others.reduce((sum, [, n]) => sum + n, 0);
  const slowestMs = Math.round(
    requests.reduce((most, { startMs, endMs }) => Math.max(most, endMs - startMs), 0),
  );
  const late =
    withinMs === undefined ? 0 : requests.filter(({ startMs, endMs }) => endMs - startMs > withinMs).length;

  const measurements = [
    measured('requests', requests.length, 'requests', { atLeast, scope }),
    measured(`requests not ${allowed.join(' or ')}`, amiss, 'requests', { atMost: 0, scope }),
    measured('slowest outcome', slowestMs, 'ms', { atMost: withinMs, scope }),
  ];
  const complaints: string[] = [];
  if (amiss > 0) {
    const detail = requests.find(({ outcome }) => !allowed.includes(outcome))?.detail;
    const example = detail === undefined ? '' : `, such as "${detail}"`;
    const seen = `${amiss} of ${count(requests.length, 'request')}`;
    complaints.push(`${seen} were not ${allowed.join(' or ')}: ${tally(others)}${example}`);
  }
  if (withinMs !== undefined && late > 0) {
    complaints.push(
      `${count(late, 'outcome')} took longer than ${ms(withinMs)}, the slowest ${ms(slowestMs)}`,
    );
  }
  if (complaints.length === 0 && requests.length < Math.max(1, atLeast)) {
    return cannotJudge(
      `${count(requests.length, 'request')} are too few: ${atLeast} are needed`,
      measurements,
    );
  }
  const promptly =
    withinMs === undefined ? '' : `, the slowest after ${ms(slowestMs)} of at most ${ms(withinMs)}`;
  return unless(
    complaints,
    `all ${count(requests.length, 'request')} as expected: ${tally(counts)}${promptly}`,
    measurements,
  );
}
