import assert from 'node:assert/strict';
import test from 'node:test';
import { failurePaints, paints } from './paints.ts';

/** The perceived linear RGB by Machado, Oliveira, Fernandes 2009, severity 1. */
const sights: Record<string, number[][]> = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

/** CIE L*a*b* (D65) of a perceived colour. */
function lab(hex: string, sight: number[][]): number[] {
  const linear = [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const times = (matrix: number[][], vector: number[]) =>
    matrix.map((row) => row.reduce((sum, factor, index) => sum + factor * vector[index]!, 0));
  const seen = times(sight, linear).map((value) => Math.min(1, Math.max(0, value)));
  const xyz = times(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339, 0.119192, 0.9503041],
    ],
    seen,
  );
  const [x, y, z] = [0.95047, 1, 1.08883].map((white, index) => {
    const ratio = xyz[index]! / white;
    return ratio > 216 / 24389 ? Math.cbrt(ratio) : ((24389 / 27) * ratio + 16) / 116;
  }) as [number, number, number];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const difference = (a: string, b: string, sight: number[][]) => {
  const [one, other] = [lab(a, sight), lab(b, sight)];
  return Math.hypot(...one.map((value, index) => value - other[index]!));
};

/** A difference of 2.3 is just noticeable. Ten times that is clear on areas. */
const apart = 23;

for (const theme of ['light', 'dark'] as const) {
  for (const [name, sight] of Object.entries(sights)) {
    test(`answers differ from failures in ${theme} pages, with ${name} sight`, () => {
      for (const answer of ['ok-0', 'ok-1', 'ok-2', 'ok-3', 'ok-4'])
        for (const failure of failurePaints) {
          const seen = difference(paints[answer]![theme], paints[failure]![theme], sight);
          assert.ok(seen >= apart, `${answer} and ${failure}: ${seen.toFixed(1)}`);
        }
    });
    test(`the first two clusters differ in ${theme} pages, with ${name} sight`, () => {
      assert.ok(difference(paints['ok-0']![theme], paints['ok-1']![theme], sight) >= apart);
    });
  }
}

test('each failure has a different pattern', () => {
  const patterns = failurePaints.map((name) => paints[name]!.pattern?.path);
  assert.equal(new Set(patterns).size, failurePaints.length);
});
