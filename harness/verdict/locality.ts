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
 * Judges whether all traffic of a window stays in one region, with zero tolerance: every request is `ok` and answered there.
 * Fails on a single request elsewhere; otherwise cannot judge with fewer than `atLeast` requests.
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
      return cannotJudge(`${count(unnamed, 'answer')} did not name the region of the server`, measurements);
  }
  return unless(complaints, `all ${count(requests, 'request')} were answered in ${region}`, measurements);
}

/** The expectations while one local pod answers every request with 5xx. The error budget counts from the injection to the healing. */
export interface EjectionExpectation extends ErrorBudget {
  /** `injected`: the pod became unhealthy. `healed`: its healing began; absent if the recording ends before. */
  fault: FaultLabels;
  region: string;
  unhealthyPod: string;
  /** Pods of the service in the region, the unhealthy pod included. */
  localPods: number;
  /** From the injection until the pod is ejected. */
  boundMs: number;
  /** `baseEjectionTime`: the pod does not return earlier, so no request may fail until then. */
  baseEjectionTimeMs: number;
  /** Requests needed in the judged window. The baseline needs five requests before the fault. */
  atLeast: number;
  alpha?: number;
  scope?: string;
}

/**
 * Judges LOC-03: Envoy ejects an unhealthy pod while the other local pods keep the traffic local. The judged window is
 * from `boundMs` to `baseEjectionTime` after the injection, when the pod may return at the earliest. In this window no
 * request fails, the pod does not answer, and traffic stays in the region.
 *
 * The local share follows from Envoy's overprovisioning (`expectedLocalShare`). If enough pods are healthy (three of four,
 * but not one of two), all traffic must stay, with zero tolerance. Otherwise an exact test judges the share.
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
    judgeUnhealthyPod(options, window, failed.length),
    judgeErrorBudget(failed, options, { lateMs: timeline.lateMs, scope }),
    stays,
  ]);
}

function judgeUnhealthyPod(
  options: { timeline: Timeline } & EjectionExpectation,
  window: Window,
  failed: number,
): Judgement {
  const { timeline, unhealthyPod, atLeast, scope } = options;
  const requests = requestsIn(timeline, window);
  const answered = requests.filter(({ origin }) => origin?.pod === unhealthyPod).length;
  const measurements = [
    measured(`answers of ${unhealthyPod} after the bound`, answered, 'requests', { atMost: 0, scope }),
  ];
  if (failed === 0)
    return cannotJudge(
      `no request failed after ${unhealthyPod} became unhealthy${answered > 0 ? ', and the pod still answered' : ''}: the fault had no visible effect`,
      measurements,
    );
  if (answered === 0 && requests.length < atLeast) {
    return cannotJudge(
      `${count(requests.length, 'request')} after the bound are too few: ${atLeast} are needed`,
      measurements,
    );
  }
  const complaints =
    answered > 0
      ? [
          `${unhealthyPod} still answered ${answered} of ${count(requests.length, 'request')} after the bound: it was not ejected`,
        ]
      : [];
  return unless(complaints, `${unhealthyPod} answered nothing after the bound`, measurements);
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
