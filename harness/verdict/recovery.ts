import type { Good, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, fail, measured, unless } from './judgement.ts';
import { answeredOk, defaultInARow } from './outage.ts';
import type { Judgement } from './verdict.ts';
import { faultWindow, requestsIn, settle } from './window.ts';
import { count, ms } from './wording.ts';

/** The expectations after a fault was healed. */
export interface RecoveryExpectation {
  /** The label of the event that ended the fault. */
  healed: string;
  /** Which requests count as served; default: outcome `ok`. */
  good?: Good;
  /** The most milliseconds from the healing to the first good answer after which no request fails. */
  boundMs: number;
  /** Good requests in a row, to the end of the recording, that prove the recovery. */
  inARow?: number;
  scope?: string;
}

/**
 * Judges whether callers recovered by themselves (GWY-02). From at most `boundMs` after the healing to the end of the
 * recording, every request is good, and there are at least `inARow`. Cannot judge if the recording ends within the bound.
 */
export function judgeRecovery(options: { timeline: Timeline } & RecoveryExpectation): Judgement {
  const { timeline, healed, good = answeredOk(), boundMs, inARow = defaultInARow, scope } = options;
  const window = faultWindow(timeline, { injected: healed });
  if (window.problem !== undefined) return cannotJudge(window.problem);
  const healedMs = window.injectedMs;
  const requests = requestsIn(timeline, { fromMs: healedMs });
  const { settledMs, lastOther } = settle(requests, good, inARow);
  if (settledMs === undefined) {
    const recordedMs = Math.max(0, (requests.at(-1)?.startMs ?? healedMs) - healedMs);
    const isLate = lastOther !== undefined && lastOther.startMs > healedMs + boundMs;
    const seen = `${count(requests.length, 'request')} in ${ms(recordedMs)} after "${healed}"`;
    if (!isLate) return cannotJudge(`${seen} do not show a recovery, and the bound is ${ms(boundMs)}`);
    const last = `${lastOther.outcome} ${ms(lastOther.startMs - healedMs)} after the event`;
    return fail(`not recovered in ${seen}: ${last}; at most ${ms(boundMs)} may pass`);
  }
  const tookMs = Math.round(settledMs - healedMs);
  const reason = `recovered ${ms(tookMs)} after "${healed}", at most ${ms(boundMs)} may pass`;
  const measurements = [measured('recovery after healing', tookMs, 'ms', { atMost: boundMs, scope })];
  return unless(tookMs > boundMs ? [reason] : [], reason, measurements);
}
