import { distributionIn, type Answers } from './distribution.ts';
import { cannotJudge, measured, unless } from './judgement.ts';
import { defaultAlpha, sharesOf } from './statistics.ts';
import type { Judgement } from './verdict.ts';
import { count, names, tally } from './wording.ts';

/**
 * How many independent requests are needed so that the probability that any member is missed, though it gets its
 * share, is ≤ alpha: the smallest n with Σ (1 − share)^n ≤ alpha (union bound over the members). Members of weight 0
 * are never expected to answer and do not count.
 *
 * @throws RangeError where the weights are not finite, negative, or all zero.
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

/** Who is expected to answer. */
export interface CoverageExpectation {
  /** Every member and its weight; equal weights for equal members. */
  members: Readonly<Record<string, number>>;
  /** Probability that a member which gets its share is missed. */
  alpha?: number;
  /** How many requests may fail. */
  failureBudget?: number;
  scope?: string;
}

/**
 * Judges whether every expected member (every ready pod, say) answered at least once. A missing member fails the
 * judgement only where there were enough answers to see it ({@link requestsToSeeAll}); with fewer it cannot judge.
 * It cannot judge either where somebody answered who was not expected: the set was read too early or too late.
 */
export function judgeCoverage(options: Answers & CoverageExpectation): Judgement {
  const { members, alpha = defaultAlpha, failureBudget = 0, scope } = options;
  const { by, counts, answered, failures, failed, unnamed } = distributionIn(options);
  const expected = Object.keys(members).filter((key) => (members[key] ?? 0) > 0);
  const missing = expected.filter((key) => !counts.has(key));
  const strangers = [...counts.keys()].filter((key) => !expected.includes(key));
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
    if (strangers.length > 0)
      return stop(
        `${names(strangers)} answered, but ${strangers.length === 1 ? 'is' : 'are'} not among the ${by}s expected: they changed while requests ran`,
      );
    const enough = requestsToSeeAll(members, alpha);
    if (missing.length > 0 && answered < enough) {
      return stop(
        `${names(missing)} did not answer, but ${count(answered, 'answer')} are too few to say: ${enough} are needed`,
      );
    }
  }
  if (missing.length > 0) complaints.push(`${names(missing)} answered none of ${count(answered, 'request')}`);
  return unless(
    complaints,
    `all ${expected.length} ${by}s answered, in ${count(answered, 'request')}`,
    measurements,
  );
}
