import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  acceptanceInterval,
  binomialAt,
  binomialAtLeast,
  binomialAtMost,
  logFactorial,
  requestsNeeded,
  sharesOf,
  testShares,
} from './statistics.ts';

/** scipy 1.17.1: binom.cdf(k, n, p) and binom.sf(k - 1, n, p). */
const scipyTails = [
  [0, 10, 0.5, 0.0009765625, 1.0],
  [5, 10, 0.5, 0.623046875, 0.623046875],
  [10, 40, 0.5, 0.0011107168866146822, 0.9996602258725034],
  [36, 40, 0.5, 0.9999999902674972, 9.285122359870002e-8],
  [75, 100, 0.2, 1.0, 3.769938695123094e-32],
  [375, 500, 0.8, 0.003742345222230129, 0.9972847967949341],
  [250, 1000, 0.333333, 6.33911510236103e-9, 0.9999999958216085],
  [50_000, 100_000, 0.5, 0.5012615631070978, 0.5012615631070978],
  [5, 20, 0.999, 1.5431461670861396e-41, 1.0],
] as const;

/** scipy 1.17.1: the largest interval whose tails have probability ≤ alpha / 2 each. */
const scipyIntervals = [
  [10, 0.5, 0.05, 2, 8],
  [10, 0.5, 1e-6, 0, 10],
  [40, 0.5, 1e-6, 5, 35],
  [100, 0.2, 1e-6, 3, 41],
  [500, 0.8, 1e-9, 342, 450],
  [1000, 0.333333, 1e-6, 262, 407],
  [5000, 0.01, 1e-6, 20, 88],
  [100_000, 0.5, 1e-6, 49_227, 50_773],
  [20, 0.999, 0.05, 20, 20],
] as const;

test('binomial tails agree with scipy to nine digits, also far from the mean', () => {
  for (const [k, n, p, atMost, atLeast] of scipyTails) {
    assert.ok(Math.abs(binomialAtMost(k, n, p) / atMost - 1) < 1e-9, `P(X ≤ ${k}) of ${n}, ${p}`);
    assert.ok(Math.abs(binomialAtLeast(k, n, p) / atLeast - 1) < 1e-9, `P(X ≥ ${k}) of ${n}, ${p}`);
  }
});

test('acceptance intervals agree with scipy', () => {
  for (const [n, p, alpha, lo, hi] of scipyIntervals) {
    assert.deepEqual(acceptanceInterval(n, p, alpha), [lo, hi], `n ${n}, p ${p}, alpha ${alpha}`);
  }
});

test('logFactorial is continuous where its method changes', () => {
  for (const n of [1, 2, 19, 20, 21, 22, 1000]) {
    assert.ok(Math.abs(logFactorial(n) - logFactorial(n - 1) - Math.log(n)) < 1e-11, `ln ${n}!`);
  }
});

test('the probabilities of all counts add up to one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, p) => {
      const sum = Array.from({ length: n + 1 }, (_, k) => binomialAt(k, n, p)).reduce((a, b) => a + b, 0);
      assert.ok(Math.abs(sum - 1) < 1e-9, `${sum}`);
    }),
  );
});

test('an interval contains the expected count, grows as alpha falls, and keeps its tails', () => {
  const cases = fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(cases, fc.double({ min: 1e-9, max: 0.2, noNaN: true }), ([n, p], alpha) => {
      const [lo, hi] = acceptanceInterval(n, p, alpha);
      const [wideLo, wideHi] = acceptanceInterval(n, p, alpha / 10);
      assert.ok(lo <= Math.ceil(n * p) && hi >= Math.floor(n * p), `${lo}..${hi} without ${n * p}`);
      assert.ok(wideLo <= lo && wideHi >= hi);
      assert.ok(binomialAtMost(lo - 1, n, p) <= alpha / 2 && binomialAtLeast(hi + 1, n, p) <= alpha / 2);
      assert.ok(
        binomialAtMost(lo, n, p) > alpha / 2 && binomialAtLeast(hi, n, p) > alpha / 2,
        'not the widest',
      );
    }),
  );
});

test('a category with a share of 0 or 1 has no tolerance', () => {
  assert.deepEqual(acceptanceInterval(50, 0), [0, 0]);
  assert.deepEqual(acceptanceInterval(50, 1), [50, 50]);
});

test('false alarms on fair draws stay below alpha, and wrong weights are found', () => {
  const random = seeded(7);
  const [runs, n, alpha] = [3000, 120, 0.05];
  const rejected = (p: readonly number[]) =>
    Array.from({ length: runs }, () => draw(p, n, random)).filter((counts) =>
      testShares(counts, { a: 5, b: 3, c: 2 }, alpha).some(({ holds }) => !holds),
    ).length / runs;
  const falseAlarms = rejected([0.5, 0.3, 0.2]);
  assert.ok(falseAlarms <= alpha, `${falseAlarms} of fair runs rejected`);
  assert.ok(falseAlarms > alpha / 10, `${falseAlarms}: so conservative that the test is idle`);
  assert.ok(rejected([0.3, 0.3, 0.4]) > 0.9);
});

test('an answer from a category without weight never holds', () => {
  const tests = testShares(
    new Map([
      ['west', 99],
      ['north', 1],
    ]),
    { west: 1 },
  );
  assert.deepEqual(
    tests.map(({ key, holds }) => [key, holds]),
    [
      ['west', false],
      ['north', false],
    ],
  );
});

test('requestsNeeded is enough, and not far more than enough', () => {
  const n = requestsNeeded({ right: { west: 50, east: 50 }, wrong: { west: 80, east: 20 }, power: 0.99 });
  const power = (requests: number) => {
    const [lo, hi] = acceptanceInterval(requests, 0.5);
    return binomialAtMost(lo - 1, requests, 0.8) + binomialAtLeast(hi + 1, requests, 0.8);
  };
  assert.ok(power(n) >= 0.99);
  assert.ok(power(Math.floor(n * 0.9)) < 0.99);
  // 0.5^20 > 1e-6 / 2 ≥ 0.5^21: fewer than 21 requests cannot distinguish a half from nothing.
  assert.equal(requestsNeeded({ right: { west: 1, east: 1 }, wrong: { west: 1 } }), 21);
});

test('equal weights and invalid weights are refused', () => {
  assert.throws(
    () => requestsNeeded({ right: { a: 1, b: 1 }, wrong: { a: 2, b: 2 } }),
    /no number of requests/,
  );
  assert.throws(() => sharesOf({ a: 1, b: -1 }), /weight of "b" is -1/);
  assert.throws(() => sharesOf({ a: 0 }), /at least one must be above 0/);
  assert.throws(() => acceptanceInterval(10, 0.5, 0), /false-alarm probability of 0/);
  assert.throws(() => acceptanceInterval(1.5, 0.5), /1.5 is not a number of requests/);
});

/** A linear congruential generator (Numerical Recipes), so that a failure can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(1664525, state) + 1013904223) >>> 0) / 2 ** 32;
}

function draw(p: readonly number[], n: number, random: () => number): Map<string, number> {
  const counts = new Map([
    ['a', 0],
    ['b', 0],
    ['c', 0],
  ]);
  for (let i = 0; i < n; i++) {
    const x = random();
    const key = x < (p[0] ?? 0) ? 'a' : x < (p[0] ?? 0) + (p[1] ?? 0) ? 'b' : 'c';
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
