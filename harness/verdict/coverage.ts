import { distributionIn, type Answers } from './distribution.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import { defaultAlpha, sharesOf } from './statistics.ts';
import type { Judgement } from './verdict.ts';
import { count, names, tally } from './wording.ts';

/**
 * The number of independent requests after which a member that gets its share has answered, except with a probability of at
 * most alpha: the smallest n with Σ (1 − share)^n ≤ alpha (union bound over the members). Members of weight 0 are never
 * expected to answer and do not count.
 *
 * @throws RangeError if the weights are not finite, negative, or all zero.
 */
export function requestsToSeeAll(
  weights: Readonly<Record<string, number>>,
  alpha: number = defaultAlpha,
): number {
  const shares = [...sharesOf(weights).values()].filter((share) => share > 0);
  const missed = (n: number) => shares.reduce((sum, share) => sum + (1 - share) ** n, 0);
  const smallest = Math.min(...shares);
  // (1 − smallest)^n ≤ alpha is necessary; from there the sum is at most a few steps away.
  let n = smallest === 1 ? 1 : Math.max(1, Math.ceil(Math.log(alpha) / Math.log1p(-smallest)));
  while (missed(n) > alpha) n += 1;
  return n;
}

/** The members that are expected to answer. */
export interface CoverageExpectation {
  /** Every member and its weight; equal weights for equal members. */
  members: Readonly<Record<string, number>>;
  /** The probability that the judgement misses a member which gets its share. */
  alpha?: number;
  /** How many requests may fail. */
  failureBudget?: number;
  scope?: string;
}

/**
 * Judges whether every expected member, such as every ready pod, answered at least once. A missing member fails the
 * judgement only if there were enough answers to see it ({@link requestsToSeeAll}). With fewer answers, or with an answer of
 * an unexpected member, it cannot judge: the set of members was read too early or too late.
 */
export function judgeCoverage(options: Answers & CoverageExpectation): Judgement {
  const { members, alpha = defaultAlpha, failureBudget = 0, scope } = options;
  const { by, counts, answered, failures, failed, unnamed } = distributionIn(options);
  const expected = Object.keys(members).filter((key) => (members[key] ?? 0) > 0);
  const missing = expected.filter((key) => !counts.has(key));
  const unexpected = [...counts.keys()].filter((key) => !expected.includes(key));
  const measurements = [
    measured(`${by}s that answered`, expected.length - missing.length, '', {
      atLeast: expected.length,
      scope,
    }),
    measured('answers', answered, 'requests', { scope }),
    measured('failed requests', failures, 'requests', { atMost: failureBudget, scope }),
  ];
  const stop = (reason: string) => cannotJudge(reason, measurements);
  const complaints: string[] = [];
  if (failures > failureBudget) {
    complaints.push(`${count(failures, 'request')} failed (${tally(failed)}), at most ${failureBudget} may`);
  }
  if (expected.length === 0) return stop(`no ${by} was expected to answer`);
  if (complaints.length === 0) {
    if (answered + unnamed === 0) return stop('no request was answered');
    if (unexpected.length > 0)
      return stop(
        `${names(unexpected)} answered, but ${unexpected.length === 1 ? 'is' : 'are'} not among the expected ${by}s: the ${by}s changed while requests ran`,
      );
    const enough = requestsToSeeAll(members, alpha);
    if (missing.length > 0 && answered < enough) {
      return stop(
        `${names(missing)} did not answer, but ${count(answered, 'answer')} are too few to judge: ${enough} are needed`,
      );
    }
  }
  if (missing.length > 0) complaints.push(`${names(missing)} answered 0 of ${count(answered, 'request')}`);
  return unless(
    complaints,
    `all ${expected.length} ${by}s answered, in ${count(answered, 'request')}`,
    measurements,
  );
}
