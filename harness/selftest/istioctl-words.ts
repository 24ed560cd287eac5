import { stripVTControlCharacters } from 'node:util';

/** Kubernetes makes suffixes of names of these (https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go). */
const suffix = '[bcdfghjklmnpqrstvwxz2456789]';

/**
 * What varies between two looks at the same mesh, and what stands for it: pods and their replica sets by name, ages and times, which
 * of the clusters `analyze` says of that something is in both, and how wide a column is.
 */
const variable: readonly [RegExp, string][] = [
  [new RegExp(`-${suffix}{6,10}-${suffix}{5}\\b`, 'g'), '-*'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/(?<![\w.])(?:\d+(?:\.\d+)?(?:ms|µs|us|ns|d|h|m|s))+(?![\w.])/g, '<age>'],
  [/\[cluster-[^\]\s]+\]/g, '[cluster-*]'],
  [/\s+/g, ' '],
];

/** `["west" "east"]`: a list that comes from a map, in any order. */
const inOrder = (line: string): string =>
  line.replace(/\[("[^"]*"(?: "[^"]*")+)\]/g, (_, names: string) => `[${names.split(' ').sort().join(' ')}]`);

/** What a command printed as a set of lines that two looks at the same mesh have in common. Pure. */
export function linesOf(printed: string): string[] {
  const lines = stripVTControlCharacters(printed)
    .split('\n')
    .map((line) => inOrder(variable.reduce((text, [what, by]) => text.replace(what, by), line).trim()));
  return [...new Set(lines)].filter((line) => line !== '').sort();
}

/** What one command said of the healthy mesh, in several rounds: lines of any round, and lines of each. */
export interface Usual {
  any: readonly string[];
  each: readonly string[];
}

/** @param rounds the lines of one command on one cluster, a list a round. */
export function usualOf(rounds: readonly (readonly string[])[]): Usual {
  const any = [...new Set(rounds.flat())].sort();
  return { any, each: any.filter((line) => rounds.every((round) => round.includes(line))) };
}

/** What a command says that it does not say of the healthy mesh in any round, and what it said in each and says no more. */
export function unusual(usual: Usual, now: readonly string[]): { says: string[]; saysNoMore: string[] } {
  return {
    says: now.filter((line) => !usual.any.includes(line)),
    saysNoMore: usual.each.filter((line) => !now.includes(line)),
  };
}
