/** Median, minimum and maximum of values, as text. */
export function spread(all: number[]): { median: number; min: number; max: number; values: number[] } {
  const sorted = all.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1
      ? (sorted[middle] ?? NaN)
      : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return {
    median: round(median),
    min: round(sorted[0] ?? NaN),
    max: round(sorted.at(-1) ?? NaN),
    values: all.map(round),
  };
}
