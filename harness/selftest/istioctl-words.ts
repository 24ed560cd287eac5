import { stripVTControlCharacters } from 'node:util';

/** Kubernetes uses these characters for suffixes of names (https://github.com/kubernetes/apimachinery/blob/master/pkg/util/rand/rand.go). */
const suffix = '[bcdfghjklmnpqrstvwxz2456789]';

/**
 * The parts that vary between two runs on the same mesh, each with its placeholder: names of pods, ages, times, the cluster that
 * `analyze` names for an object of both clusters, and the width of columns.
 */
const variable: readonly [RegExp, string][] = [
  [new RegExp(`-${suffix}{6,10}-${suffix}{5}\\b`, 'g'), '-*'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/(?<![\w.])(?:\d+(?:\.\d+)?(?:ms|µs|us|ns|d|h|m|s))+(?![\w.])/g, '<age>'],
  [/\[cluster-[^\]\s]+\]/g, '[cluster-*]'],
  [/\s+/g, ' '],
];

/** Sorts a list such as `["west" "east"]`, which istioctl prints in the random order of a map. */
const inOrder = (line: string): string =>
  line.replace(/\[("[^"]*"(?: "[^"]*")+)\]/g, (_, names: string) => `[${names.split(' ').sort().join(' ')}]`);

/** The lines that a command printed, with a placeholder for each part that varies. Pure. */
export function linesOf(printed: string): string[] {
  const lines = stripVTControlCharacters(printed)
    .split('\n')
    .map((line) => inOrder(variable.reduce((text, [what, by]) => text.replace(what, by), line).trim()));
  return [...new Set(lines)].filter((line) => line !== '').sort();
}

/** The lines that one command printed on the healthy mesh: in at least one round, and in each round. */
export interface Usual {
  any: readonly string[];
  each: readonly string[];
}

/** @param rounds the lines of one command on one cluster, a list a round. */
export function usualOf(rounds: readonly (readonly string[])[]): Usual {
  const any = [...new Set(rounds.flat())].sort();
  return { any, each: any.filter((line) => rounds.every((round) => round.includes(line))) };
}

/** The lines that the healthy mesh gave in no round, and the lines that it gave in each round and that are now missing. */
export function unusual(usual: Usual, now: readonly string[]): { says: string[]; saysNoMore: string[] } {
  return {
    says: now.filter((line) => !usual.any.includes(line)),
    saysNoMore: usual.each.filter((line) => !now.includes(line)),
  };
}
