import { distributionIn, type Answers, type Distribution } from './distribution.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import { defaultAlpha, sharesOf, testShares, type CategoryTest } from './statistics.ts';
import type { Judgement, Measurement } from './verdict.ts';
import { count, percent, precisePercent, tally } from './wording.ts';

/** The shares that answers are judged by. */
export interface ShareExpectation {
  /** Weight of each category, on any scale, as the proxy received it. A category without an entry has weight 0. */
  weights: Readonly<Record<string, number>>;
  /** False-alarm probability of the whole judgement. */
  alpha?: number;
  /** How many requests may fail. Default 0: the shares of successful requests hide which category failed. */
  failureBudget?: number;
  /** "west→east", for the report. */
  scope?: string;
}

/**
 * Judges whether answers are shared as the weights say, by {@link testShares}. Fails on a share outside its exact
 * acceptance interval, on an answer from a category without weight, and on more failed requests than the budget.
 *
 * Cannot judge if no request was answered, an answer did not name its origin, or no weight is above zero. Cannot judge
 * either if there are so few answers that no result would have failed; `requestsNeeded` computes a sufficient number.
 *
 * Measurements are shares in %, with the interval as `atLeast` and `atMost`.
 */
export function judgeShares(options: Answers & ShareExpectation): Judgement {
  const { weights, alpha = defaultAlpha, failureBudget = 0, scope } = options;
  const distribution = distributionIn(options);
  const { answered, failures, failed } = distribution;
  const failureCount = measured('failed requests', failures, 'requests', { atMost: failureBudget, scope });
  const tooMany = `${count(failures, 'request')} failed (${tally(failed)}), at most ${failureBudget} may`;

  const obstacle = obstacleTo(distribution, weights);
  if (failures > failureBudget && (answered === 0 || obstacle)) return unless([tooMany], '', [failureCount]);
  if (obstacle) return cannotJudge(obstacle, [failureCount]);

  const tests = testShares(distribution.counts, weights, alpha);
  const measurements = [...tests.map((test) => shareMeasurement(test, answered, scope)), failureCount];
  const canFail = tests.some(
    ({ accepted: [lo, hi], expected }) => expected > 0 && expected < 1 && (lo > 0 || hi < answered),
  );
  const complaints = tests
    .filter(({ holds }) => !holds)
    .map((test) => complaint(test, answered, distribution.by));
  if (failures > failureBudget) complaints.push(tooMany);
  if (complaints.length === 0 && !canFail && tests.filter(({ expected }) => expected > 0).length > 1) {
    return cannotJudge(
      `${count(answered, 'answer')} are too few: at a false-alarm probability of ${alpha}, any shares would have passed`,
      measurements,
    );
  }
  const shares = tests.map(
    (test) => `${test.key} ${percent(test.observed / answered)} % of ${percent(test.expected)} %`,
  );
  const reason = `${count(answered, 'answer')} shared as weighted: ${shares.join(', ')} (false-alarm probability ${alpha})`;
  return unless(complaints, reason, measurements);
}

function obstacleTo(
  distribution: Distribution,
  weights: Readonly<Record<string, number>>,
): string | undefined {
  if (distribution.requests === 0) return 'no request was recorded';
  if (distribution.answered === 0 && distribution.unnamed === 0) return 'no request was answered';
  if (distribution.unnamed > 0)
    return `${count(distribution.unnamed, 'answer')} did not name the ${distribution.by} of its server`;
  try {
    sharesOf(weights);
    return undefined;
  } catch (error) {
    return `the expected weights are invalid: ${(error as Error).message}`;
  }
}

function shareMeasurement(test: CategoryTest, answered: number, scope: string | undefined): Measurement {
  const [lo, hi] = test.accepted;
  return measured(`share answered by ${test.key}`, precisePercent(test.observed / answered), '%', {
    atLeast: precisePercent(lo / answered),
    atMost: precisePercent(hi / answered),
    scope,
  });
}

function complaint(
  { key, observed, expected, accepted: [lo, hi] }: CategoryTest,
  answered: number,
  by: string,
): string {
  if (expected === 0)
    return `${by} ${key} answered ${observed} of ${count(answered, 'request')}, but has no weight`;
  return (
    `${by} ${key} answered ${observed} of ${count(answered, 'request')} (${percent(observed / answered)} %), ` +
    `expected ${percent(expected)} %: ${lo} to ${hi} requests`
  );
}
