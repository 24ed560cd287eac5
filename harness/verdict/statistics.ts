/**
 * The probability of a false alarm of one check on a healthy mesh. With 1e-6, a thousand checks can run a thousand times
 * before one false alarm is expected.
 */
export const defaultAlpha = 1e-6;

const logFactorials = [0];

/**
 * ln(n!), for a whole n of at least 0. Summed up to 20, by Stirling's series above it, whose first omitted term is
 * below 1e-15 there (Abramowitz and Stegun 6.1.41).
 */
export function logFactorial(n: number): number {
  if (n <= 20) {
    for (let k = logFactorials.length; k <= n; k++)
      logFactorials[k] = (logFactorials[k - 1] ?? 0) + Math.log(k);
    return logFactorials[n] ?? NaN;
  }
  const series = 1 / (12 * n) - 1 / (360 * n ** 3) + 1 / (1260 * n ** 5) - 1 / (1680 * n ** 7);
  return n * Math.log(n) - n + Math.log(2 * Math.PI * n) / 2 + series;
}

/** P(X = k) for a binomial X of n trials with probability p each. */
export function binomialAt(k: number, n: number, p: number): number {
  if (k < 0 || k > n) return 0;
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  const logChoose = logFactorial(n) - logFactorial(k) - logFactorial(n - k);
  return Math.exp(logChoose + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

/** P(X ≤ k) for a binomial X; summed from the largest term, so that small tails keep their relative precision. */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  // Above the mode the other tail is the smaller one.
  if (k > n * p) return 1 - binomialAtMost(n - k - 1, n, 1 - p);
  let term = binomialAt(k, n, p);
  let sum = term;
  for (let j = k; j > 0 && term > sum * Number.EPSILON; j--) {
    term *= (j / (n - j + 1)) * ((1 - p) / p);
    sum += term;
  }
  return Math.min(1, sum);
}

/** P(X ≥ k) for a binomial X. */
export function binomialAtLeast(k: number, n: number, p: number): number {
  return binomialAtMost(n - k, n, 1 - p);
}

/**
 * The counts [lo, hi], both inclusive, that are accepted for a category with the share p in n independent requests.
 * Equal-tailed and exact: P(X < lo) ≤ alpha / 2 and P(X > hi) ≤ alpha / 2 for a binomial X (the inversion of Clopper and
 * Pearson 1934). A correct mesh shows a count outside the interval with a probability of at most alpha.
 */
export function acceptanceInterval(
  n: number,
  p: number,
  alpha: number = defaultAlpha,
): [lo: number, hi: number] {
  requireTrials(n);
  requireProbability('a share', p);
  requireAlpha(alpha);
  const lo = firstWhole(n, (k) => binomialAtMost(k, n, p) > alpha / 2);
  const hi = n - firstWhole(n, (k) => binomialAtLeast(n - k, n, p) > alpha / 2);
  return [lo, hi];
}

/** One category of a test of shares. */
export interface CategoryTest {
  key: string;
  observed: number;
  /** Expected share, 0 to 1. */
  expected: number;
  /** The counts that would be accepted, both ends inclusive. */
  accepted: [lo: number, hi: number];
  holds: boolean;
}

/**
 * Tests observed counts against expected weights: an exact two-sided binomial test for each category, with alpha divided by
 * the number of distinct tests (Bonferroni). Two categories are one test, because each count determines the other. The
 * false-alarm probability of the whole is ≤ alpha for independent draws from the weights.
 *
 * The test is conservative for Envoy. Envoy's weighted schedule is an earliest-deadline-first rotation (Envoy documentation,
 * "Supported load balancers": weighted round robin and, with unequal weights, weighted least request), and its counts vary
 * less than independent draws. Least request with equal weights picks at random, as the test assumes.
 *
 * @throws RangeError if the weights are not finite, negative, or all zero.
 */
export function testShares(
  observed: ReadonlyMap<string, number>,
  weights: Readonly<Record<string, number>>,
  alpha: number = defaultAlpha,
): CategoryTest[] {
  const shares = sharesOf(weights);
  for (const key of observed.keys()) if (!shares.has(key)) shares.set(key, 0);
  const n = [...observed.values()].reduce((sum, count) => sum + count, 0);
  const perTest = alpha / distinctTests(shares);
  return [...shares].map(([key, expected]) => {
    const count = observed.get(key) ?? 0;
    const accepted = acceptanceInterval(n, expected, perTest);
    return { key, observed: count, expected, accepted, holds: count >= accepted[0] && count <= accepted[1] };
  });
}

/**
 * The number of requests with which {@link testShares} at alpha expects `right` and rejects `wrong` with at least the given
 * power. It uses the best single category, which is a lower bound of the power of all categories.
 *
 * @throws RangeError if both weights give every category the same share, or if weights are invalid.
 */
export function requestsNeeded(options: {
  right: Readonly<Record<string, number>>;
  wrong: Readonly<Record<string, number>>;
  alpha?: number;
  power?: number;
}): number {
  const { right, wrong, alpha = defaultAlpha, power = 0.999 } = options;
  requireAlpha(1 - power);
  const expected = sharesOf(right);
  const actual = sharesOf(wrong);
  for (const key of actual.keys()) if (!expected.has(key)) expected.set(key, 0);
  const perTest = alpha / distinctTests(expected);
  const pairs = [...expected].map(([key, p]) => [p, actual.get(key) ?? 0] as const);
  if (pairs.every(([p, q]) => Math.abs(p - q) < 1e-9)) {
    throw new RangeError(
      'the right and the wrong weights give the same shares: no number of requests can distinguish them',
    );
  }
  const enough = (n: number) => pairs.some(([p, q]) => rejectionProbability(n, p, q, perTest) >= power);
  let most = 1;
  while (!enough(most)) most *= 2;
  return firstWhole(most, enough);
}

function rejectionProbability(n: number, p: number, q: number, alpha: number): number {
  const [lo, hi] = acceptanceInterval(n, p, alpha);
  return binomialAtMost(lo - 1, n, q) + binomialAtLeast(hi + 1, n, q);
}

/** Shares of 0 to 1 that add up to one, from weights on any scale. */
export function sharesOf(weights: Readonly<Record<string, number>>): Map<string, number> {
  const entries = Object.entries(weights);
  const bad = entries.find(([, weight]) => !Number.isFinite(weight) || weight < 0);
  if (bad) throw new RangeError(`the weight of "${bad[0]}" is ${bad[1]}: a weight is a number of at least 0`);
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
  if (total <= 0) throw new RangeError('the weights give no share: at least one must be above 0');
  return new Map(entries.map(([key, weight]) => [key, weight / total]));
}

function distinctTests(shares: ReadonlyMap<string, number>): number {
  const possible = [...shares.values()].filter((share) => share > 0 && share < 1).length;
  return possible <= 2 ? 1 : possible;
}

/** The smallest whole number in 0..most for which a monotone condition holds; `most` if it never holds. */
function firstWhole(most: number, holds: (k: number) => boolean): number {
  let [lo, hi] = [0, most];
  while (lo < hi) {
    const middle = Math.floor((lo + hi) / 2);
    if (holds(middle)) hi = middle;
    else lo = middle + 1;
  }
  return lo;
}

function requireTrials(n: number): void {
  if (!Number.isInteger(n) || n < 0) throw new RangeError(`${n} is not a number of requests`);
}

function requireProbability(what: string, p: number): void {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`${what} is ${p}, not between 0 and 1`);
}

function requireAlpha(alpha: number): void {
  if (!(alpha > 0 && alpha < 1))
    throw new RangeError(`a false-alarm probability of ${alpha} is not between 0 and 1`);
}
