import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { type ErrorBudget, judgeErrorBudget } from './bounds/error-budget.ts';
import { cannotJudge, every, fail, measured, unless } from './judgement.ts';
import { answeredOk, defaultInARow } from './outage.ts';
import type { Judgement } from './verdict.ts';
import { baselineProblem, faultWindow, requestsIn, settle } from './window.ts';
import { count, ms } from './wording.ts';

/**
 * The expectations of traffic while all local pods of a service are gone, and after they return. The error budget counts from
 * the injection to the end of the recording, see `failoverErrorBudget`.
 */
export interface FailoverExpectation extends ErrorBudget {
  /**
   * The labels of three events. `injected`: all local pods were stopped. `healing`: new pods were requested and may answer
   * from now on. `healed`: the new pods are ready.
   */
  events: { injected: string; healing: string; healed: string };
  /** The caller's region. */
  local: string;
  /** The regions that may answer during the fault. Default: every region except `local`. */
  remotes?: readonly string[];
  /** From the injection until a remote region answers every request; see `failoverBound`. */
  boundMs: number;
  /** From the healing until the local region answers every request; see `failbackBound`. */
  failbackBoundMs: number;
  /** Requests in a row that prove each of the three phases. */
  inARow?: number;
  scope?: string;
}

interface Phase {
  name: string;
  requests: RequestRecord[];
  expected: Good;
  fromMs: number;
  boundMs: number;
}

/**
 * Judges LOC-02 over one recording. All answers are local before the fault. From at most `boundMs` after the fault until the
 * healing begins, another region answers. From at most `failbackBoundMs` after the healing, all answers are local again. No
 * more requests fail than the budget allows.
 *
 * Each move ends with the first answer after which every request of the phase is as expected. Cannot judge without the
 * events, without a local baseline of `inARow` requests, or if a phase is shorter than its bound and traffic did not move.
 */
export function judgeFailover(options: { timeline: Timeline } & FailoverExpectation): Judgement {
  const { timeline, events, local, inARow = defaultInARow, scope } = options;
  const during = faultWindow(timeline, { injected: events.injected, healed: events.healing });
  if (during.problem !== undefined) return cannotJudge(during.problem);
  const after = faultWindow(timeline, { injected: events.healing, healed: events.healed });
  if (after.problem !== undefined) return cannotJudge(after.problem);
  const { injectedMs } = during;
  const all = requestsIn(timeline);
  const obstacle = baselineProblem(all, injectedMs, answeredOk({ region: local }), inARow);
  if (obstacle) return cannotJudge(obstacle);

  const failed = all.filter(({ outcome, endMs }) => outcome !== 'ok' && endMs > injectedMs);
  const errors = judgeErrorBudget(failed, options, { lateMs: timeline.lateMs, scope });
  const moves = phasesOf(options, injectedMs, after).map((phase) => judgeMove(phase, inARow, scope));
  return every([errors, ...moves]);
}

function phasesOf(
  options: { timeline: Timeline } & FailoverExpectation,
  injectedMs: number,
  heal: { injectedMs: number; healedMs: number },
): Phase[] {
  const { timeline, local, remotes } = options;
  const remotely: Good = ({ outcome, origin }) =>
    outcome === 'ok' && origin !== undefined && (remotes?.includes(origin.region) ?? origin.region !== local);
  const healingMs = heal.injectedMs;
  return [
    {
      name: 'traffic moved to the other region',
      requests: requestsIn(timeline, { fromMs: injectedMs, toMs: healingMs }),
      expected: remotely,
      fromMs: injectedMs,
      boundMs: options.boundMs,
    },
    {
      name: 'traffic returned to its own region',
      requests: requestsIn(timeline, { fromMs: healingMs }),
      expected: answeredOk({ region: local }),
      fromMs: heal.healedMs,
      boundMs: options.failbackBoundMs,
    },
  ];
}

/** Judges one move: every request of a phase is as expected, from at most `boundMs` after `fromMs` on. */
function judgeMove(phase: Phase, inARow: number, scope: string | undefined): Judgement {
  const { name, requests, expected, fromMs, boundMs } = phase;
  const { settledMs, lastOther } = settle(requests, expected, inARow);
  if (settledMs !== undefined) {
    // Pods may answer before the event that reports them ready.
    const tookMs = Math.max(0, Math.round(settledMs - fromMs));
    const measurements = [measured(name, tookMs, 'ms', { atMost: boundMs, scope })];
    const late = `${name} after ${tookMs} ms, at most ${ms(boundMs)} may pass`;
    return unless(tookMs > boundMs ? [late] : [], `${name} after ${tookMs} ms`, measurements);
  }
  const late = requests.filter((request) => request.startMs > fromMs + boundMs && !expected(request)).length;
  if (late === 0 || lastOther === undefined) {
    const recordedMs = Math.max(0, (requests.at(-1)?.startMs ?? fromMs) - fromMs);
    const seen = `${count(requests.length, 'request')} in ${ms(recordedMs)}`;
    return cannotJudge(`the recording does not show whether ${name}: ${seen}, the bound is ${ms(boundMs)}`);
  }
  const last = `${lastOther.outcome}${lastOther.origin ? ` from ${lastOther.origin.region}` : ''}`;
  return fail(
    `it is not true that ${name}: the last unexpected request was ${last}, ${ms(lastOther.startMs - fromMs)} after the event`,
    [measured(`unexpected requests after the bound (${name})`, late, 'requests', { atMost: 0, scope })],
  );
}
