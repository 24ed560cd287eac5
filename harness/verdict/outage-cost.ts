import type { Good, RequestRecord, Timeline } from '../traffic/timeline.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import { answeredOk, defaultInARow, findOutages, type Outage, spansOf } from './outage.ts';
import type { Judgement, Measurement } from './verdict.ts';
import { baselineProblem, type FaultLabels, faultWindow, requestsIn } from './window.ts';
import { count, countOutcomes, ms, tally } from './wording.ts';

/** The cost that an outage may have. */
export interface OutageBudget {
  /** The events that mark the fault; `healed` is optional and used only for a measurement. */
  fault: FaultLabels;
  /** Which requests count as served; default: outcome `ok`. */
  good?: Good;
  /** The most requests that may not be served. */
  budgetErrors: number;
  /** The most milliseconds that all outages together may last. */
  budgetMs: number;
  /** Good requests in a row that end an outage, and that prove the baseline before the fault. */
  inARow?: number;
  scope?: string;
}

/** The cost of a fault in a recording. */
interface Cost {
  outages: Outage[];
  bad: RequestRecord[];
  totalMs: number;
  injectedMs: number;
  healedMs: number;
}

/**
 * Judges the cost of a fault for its users: errors and milliseconds of outage against their budgets. Exceeding a budget
 * fails, even if the outage or the fault lasts to the end of the recording. Within the budgets, cannot judge if an outage is
 * unresolved or the recording ends before the healing.
 *
 * The baseline needs `inARow` requests that ended before the fault, and all requests that ended before it must be good.
 * Otherwise the fault cannot be judged.
 */
export function judgeOutage(options: { timeline: Timeline } & OutageBudget): Judgement {
  const { timeline, good = answeredOk(), budgetErrors, budgetMs, inARow = defaultInARow } = options;
  const window = faultWindow(timeline, options.fault);
  if (window.problem !== undefined) return cannotJudge(window.problem);
  const { injectedMs, healedMs } = window;
  const requests = requestsIn(timeline);
  const obstacle = baselineProblem(requests, injectedMs, good, inARow);
  if (obstacle) return cannotJudge(obstacle);

  const concerned = requests.filter(({ endMs }) => endMs > injectedMs);
  const bad = concerned.filter((request) => !good(request));
  const outages = findOutages(requests, good, inARow);
  const lastMs = requests.at(-1)?.startMs ?? injectedMs;
  const totalMs = spansOf(outages, lastMs).reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const cost = { outages, bad, totalMs, injectedMs, healedMs };
  const measurements = measurementsOf(cost, options);

  if (concerned.length < inARow) {
    return cannotJudge(`only ${count(concerned.length, 'request')} ended after the fault`, measurements);
  }
  const complaints = complaintsOf(cost, budgetErrors, budgetMs);
  if (complaints.length === 0 && outages.some(({ recoveredMs }) => recoveredMs === undefined)) {
    const recorded = ms(lastMs - injectedMs);
    return cannotJudge(
      `the recording ends ${recorded} after the fault, before ${inARow} good requests in a row`,
      measurements,
    );
  }
  if (complaints.length === 0 && Number.isFinite(healedMs) && lastMs < healedMs)
    return cannotJudge(
      `the recording ends ${ms(healedMs - lastMs)} before the end of the fault`,
      measurements,
    );
  const seen =
    bad.length === 0
      ? 'no request failed'
      : `${count(bad.length, 'request')} not served (${lossesOf(bad)}) within ${ms(totalMs)}`;
  return unless(
    complaints,
    `${seen}; budget ${count(budgetErrors, 'request')} and ${ms(budgetMs)}`,
    measurements,
  );
}

/** The outcomes of requests that were not served. An `ok` among them was too slow, or another region answered it. */
const lossesOf = (bad: readonly RequestRecord[]): string =>
  tally(
    [...countOutcomes(bad)].map(([outcome, n]) => [
      outcome === 'ok' ? 'ok but too slow or from elsewhere' : outcome,
      n,
    ]),
  );

function complaintsOf({ outages, bad, totalMs }: Cost, budgetErrors: number, budgetMs: number): string[] {
  const complaints: string[] = [];
  if (bad.length > budgetErrors) {
    complaints.push(
      `${count(bad.length, 'request')} not served (${lossesOf(bad)}), at most ${budgetErrors} may`,
    );
  }
  if (totalMs > budgetMs) {
    const over = outages.at(-1)?.recoveredMs !== undefined;
    const end = over ? `in ${count(outages.length, 'outage')}` : 'not over when the recording ended';
    complaints.push(`users were not served for ${ms(totalMs)} (${end}), at most ${ms(budgetMs)} may pass`);
  }
  return complaints;
}

function measurementsOf(
  { outages, bad, totalMs, injectedMs, healedMs }: Cost,
  budget: OutageBudget,
): Measurement[] {
  const { budgetErrors, budgetMs, scope } = budget;
  const relapses = outages.reduce((sum, outage) => sum + outage.relapses, 0);
  const measurements = [
    measured('requests lost to the fault', bad.length, 'requests', { atMost: budgetErrors, scope }),
    measured('outage', Math.round(totalMs), 'ms', { atMost: budgetMs, scope }),
    measured('outages', outages.length, '', { scope }),
    measured('relapses', relapses, '', { scope }),
  ];
  const since = (name: string, atMs: number | undefined, fromMs: number) => {
    // A moment before the event is not measured from it.
    if (atMs !== undefined && atMs >= fromMs)
      measurements.push(measured(name, Math.round(atMs - fromMs), 'ms', { scope }));
  };
  since('detection after the fault', outages[0]?.detectedMs, injectedMs);
  since('recovery after the fault', outages.at(-1)?.recoveredMs, injectedMs);
  since('recovery after healing', outages.at(-1)?.recoveredMs, healedMs);
  return measurements;
}
