import { createHash } from 'node:crypto';

/** All pairs of different items, each once, in a random order that the seed fixes. */
export function randomPairs<T extends { id: string }>(all: readonly T[], seed: number): (readonly [T, T])[] {
  const pairs = all.flatMap((a, index) => all.slice(index + 1).map((b) => [a, b] as const));
  const rank = ([a, b]: readonly [T, T]) =>
    createHash('sha256').update(`${seed}/${a.id}/${b.id}`).digest('hex');
  const ranked = pairs.map((pair) => ({ pair, rank: rank(pair) }));
  return ranked.sort((a, b) => a.rank.localeCompare(b.rank)).map(({ pair }) => pair);
}
