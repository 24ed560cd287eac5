import type { Timeline } from '../traffic/timeline.ts';
import { judgeShares } from './balance.ts';
import { type ErrorBudget, judgeErrorBudget } from './bounds/error-budget.ts';
import { expectedLocalShare } from './bounds/failover-bounds.ts';
import { distributionOf } from './distribution.ts';
import { cannotJudge, every, measured, unless } from './judgement.ts';
import { answeredOk, defaultInARow } from './outage.ts';
import { defaultAlpha } from './statistics.ts';
import type { Judgement } from './verdict.ts';
import { baselineProblem, type FaultLabels, faultWindow, requestsIn, type Window } from './window.ts';
import { count, tally } from './wording.ts';

/**
 * Judges whether all traffic of a window stays in one region, with zero tolerance: every request is `ok` and answered
 * there. With fewer than `atLeast` requests it cannot judge; a single request elsewhere fails it all the same.
 */
export function judgeStaysIn(options: {
  timeline: Timeline;
  region: string;
  atLeast: number;
  window?: Window;
  scope?: string;
}): Judgement {
  const { timeline, region, atLeast, window, scope } = options;
  const { counts, failed, failures, unnamed, requests } = distributionOf(timeline, 'region', window);
  const elsewhere = [...counts].filter(([key]) => key !== region);
  const away = elsewhere.reduce((sum, [, n]) => sum + n, 0);
  const measurements = [
    measured(`requests answered in ${region}`, counts.get(region) ?? 0, 'requests', { scope }),
    measured('requests answered elsewhere', away, 'requests', { atMost: 0, scope }),
    measured('failed requests', failures, 'requests', { atMost: 0, scope }),
  ];
  const complaints: string[] = [];
  if (away > 0)
    complaints.push(`${away} of ${count(requests, 'request')} left ${region}: ${tally(elsewhere)}`);
  if (failures > 0) complaints.push(`${failures} of ${count(requests, 'request')} failed (${tally(failed)})`);
  if (complaints.length === 0) {
    if (requests < atLeast)
      return cannotJudge(`${count(requests, 'request')} are too few: ${atLeast} are needed`, measurements);
    if (unnamed > 0)
      return cannotJudge(`${count(unnamed, 'answer')} did not name the region it came from`, measurements);
  }
  return unless(complaints, `all ${count(requests, 'request')} were answered in ${region}`, measurements);
}

/** What is expected when one local pod answers every request with 5xx; the error budget is for the injection to the healing. */
export interface EjectionExpectation extends ErrorBudget {
  /** `injected`: the pod became sick. `healed`: its healing began; absent where the recording ends before. */
  fault: FaultLabels;
  region: string;
  sickPod: string;
  /** Pods of the service in the region, the sick one included. */
  localPods: number;
  /** From the injection until the pod is ejected. */
  boundMs: number;
  /** `baseEjectionTime`: no pod comes back before it has passed, so that long nothing may fail again. */
  baseEjectionTimeMs: number;
  /** Requests needed in the time judged; those that prove the baseline are five. */
  atLeast: number;
  alpha?: number;
  scope?: string;
}

/**
 * Judges LOC-03: a sick pod is ejected while its healthy neighbours keep the traffic local. From `boundMs` after the
 * injection until `baseEjectionTime` after it, when the pod may return at the earliest, no request fails, the pod does
 * not answer, and traffic stays in the region.
 *
 * How much of it stays follows from Envoy's overprovisioning (`expectedLocalShare`): all of it with zero tolerance
 * where enough neighbours are healthy (three of four are, one of two is not), else judged by an exact test of that share.
 */
export function judgeEjection(options: { timeline: Timeline } & EjectionExpectation): Judgement {
  const { timeline, fault, region, localPods, atLeast, alpha = defaultAlpha, scope } = options;
  const span = faultWindow(timeline, fault);
  if (span.problem !== undefined) return cannotJudge(span.problem);
  const { injectedMs, healedMs } = span;
  const obstacle = baselineProblem(requestsIn(timeline), injectedMs, answeredOk({ region }), defaultInARow);
  if (obstacle) return cannotJudge(obstacle);

  const window = {
    fromMs: injectedMs + options.boundMs,
    toMs: Math.min(healedMs, injectedMs + options.baseEjectionTimeMs),
  };
  if (window.toMs <= window.fromMs)
    return cannotJudge(
      `the pod may return ${options.baseEjectionTimeMs} ms after the fault, before the bound of ${options.boundMs} ms`,
    );
  const share = expectedLocalShare(localPods - 1, localPods);
  const stays =
    share >= 1
      ? judgeStaysIn({ timeline, region, atLeast, window, ...(scope === undefined ? {} : { scope }) })
      : judgeSharesLocal({ timeline, region, window, share, alpha, scope });
  const failed = requestsIn(timeline, { toMs: healedMs }).filter(
    ({ outcome, endMs }) => outcome !== 'ok' && endMs > injectedMs,
  );
  return every([
    judgeSickPod(options, window, failed.length),
    judgeErrorBudget(failed, options, { lateMs: timeline.lateMs, scope }),
    stays,
  ]);
}

function judgeSickPod(
  options: { timeline: Timeline } & EjectionExpectation,
  window: Window,
  failed: number,
): Judgement {
  const { timeline, sickPod, atLeast, scope } = options;
  const requests = requestsIn(timeline, window);
  const fromSick = requests.filter(({ origin }) => origin?.pod === sickPod).length;
  const measurements = [
    measured(`answers of ${sickPod} after the bound`, fromSick, 'requests', { atMost: 0, scope }),
  ];
  if (failed === 0)
    return cannotJudge(
      `no request failed of ${sickPod}${fromSick > 0 ? ', which went on answering' : ''}: the fault had no effect that was seen`,
      measurements,
    );
  if (fromSick === 0 && requests.length < atLeast) {
    return cannotJudge(
      `${count(requests.length, 'request')} after the bound are too few: ${atLeast} are needed`,
      measurements,
    );
  }
  const complaints =
    fromSick > 0
      ? [
          `${sickPod} still answered ${fromSick} of ${count(requests.length, 'request')} after the bound: it was not ejected`,
        ]
      : [];
  return unless(complaints, `${sickPod} answered nothing after the bound`, measurements);
}

function judgeSharesLocal(options: {
  timeline: Timeline;
  region: string;
  window: Window;
  share: number;
  alpha: number;
  scope: string | undefined;
}): Judgement {
  const { timeline, region, window, share, alpha, scope } = options;
  const { counts, answered, failures, failed, unnamed } = distributionOf(timeline, 'region', window);
  const local = counts.get(region) ?? 0;
  return judgeShares({
    distribution: {
      by: 'region',
      counts: new Map([
        [region, local],
        ['other regions', answered - local],
      ]),
      answered,
      unnamed,
      failed,
      failures,
      requests: answered + failures + unnamed,
    },
    weights: { [region]: share, 'other regions': 1 - share },
    alpha,
    ...(scope === undefined ? {} : { scope }),
  });
}
