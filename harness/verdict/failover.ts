import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { type ErrorBudget, judgeErrorBudget } from './bounds/error-budget.ts';
import { cannotJudge, every, fail, measured, unless } from './judgement.ts';
import { answeredOk, defaultInARow } from './outage.ts';
import type { Judgement } from './verdict.ts';
import { baselineProblem, faultWindow, requestsIn, settle } from './window.ts';
import { count, ms } from './wording.ts';

/**
 * What is expected of traffic when all local pods of a service end, and when they are back; the error budget is for the injection to
 * the end, see `failoverErrorBudget`.
 */
export interface FailoverExpectation extends ErrorBudget {
  /**
   * The labels of three events. `injected`: all local pods were ended. `healing`: new ones were asked for; from here on
   * they may answer. `healed`: they are known to be ready.
   */
  events: { injected: string; healing: string; healed: string };
  /** The caller's region. */
  local: string;
  /** The regions that may answer meanwhile; any other than `local` when absent. */
  remotes?: readonly string[];
  /** From the injection until every request is answered remotely; see `failoverBound`. */
  boundMs: number;
  /** From the healing until every request is answered locally; see `failbackBound`. */
  failbackBoundMs: number;
  /** Requests in a row that prove each of the three phases. */
  inARow?: number;
  scope?: string;
}

interface Phase {
  name: string;
  requests: RequestRecord[];
  wanted: Good;
  fromMs: number;
  boundMs: number;
}

/**
 * Judges LOC-02 over one recording of before, during and after: all answers local before the fault; all from another
 * region at most `boundMs` after it and until the healing begins; all local again at most `failbackBoundMs` after it is
 * done; and no more failed requests in all than the budget.
 *
 * Each move is timed to the first answer after which every request of the phase was as wanted. Cannot judge without
 * the events, without a local baseline of `inARow` requests, or where a phase is shorter than its bound and the move
 * did not happen in it.
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
      wanted: remotely,
      fromMs: injectedMs,
      boundMs: options.boundMs,
    },
    {
      name: 'traffic returned to its own region',
      requests: requestsIn(timeline, { fromMs: healingMs }),
      wanted: answeredOk({ region: local }),
      fromMs: heal.healedMs,
      boundMs: options.failbackBoundMs,
    },
  ];
}

/** Judges one move: every request of a phase as wanted, from at most a bound after its beginning on. */
function judgeMove(phase: Phase, inARow: number, scope: string | undefined): Judgement {
  const { name, requests, wanted, fromMs, boundMs } = phase;
  const { settledMs, lastOther } = settle(requests, wanted, inARow);
  if (settledMs !== undefined) {
    // Pods may answer before they are known to be ready.
    const tookMs = Math.max(0, Math.round(settledMs - fromMs));
    const measurements = [measured(name, tookMs, 'ms', { atMost: boundMs, scope })];
    const late = `${name} after ${tookMs} ms, at most ${ms(boundMs)} may pass`;
    return unless(tookMs > boundMs ? [late] : [], `${name} after ${tookMs} ms`, measurements);
  }
  const late = requests.filter((request) => request.startMs > fromMs + boundMs && !wanted(request)).length;
  if (late === 0 || lastOther === undefined) {
    const recordedMs = Math.max(0, (requests.at(-1)?.startMs ?? fromMs) - fromMs);
    const seen = `${count(requests.length, 'request')} in ${ms(recordedMs)}`;
    return cannotJudge(`not seen whether ${name}: ${seen}, the bound is ${ms(boundMs)}`);
  }
  const last = `${lastOther.outcome}${lastOther.origin ? ` from ${lastOther.origin.region}` : ''}`;
  return fail(
    `not so that ${name}: the last request amiss was ${last}, ${ms(lastOther.startMs - fromMs)} after the event`,
    [measured(`requests amiss after the bound (${name})`, late, 'requests', { atMost: 0, scope })],
  );
}
