import { nearest } from '../config/nearest.ts';
import type { Defect } from './defect.ts';

/** `trust and identity` → `trust-and-identity`. */
const kebab = (text: string): string => text.toLowerCase().replaceAll(' ', '-');

/** Whether a word names a family, in full or by its first words, such as `trust`. */
const isFamily = (family: string, word: string): boolean => `${kebab(family)}-`.startsWith(`${kebab(word)}-`);

/**
 * The defects with the given ids or families, in the order of `all`. Without words, all defects.
 *
 * @throws Error with the unknown words.
 */
export function chooseDefects(all: readonly Defect[], words: readonly string[]): Defect[] {
  const names = (word: string, { id, family }: Defect): boolean => id === word || isFamily(family, word);
  const unknown = words.filter((word) => !all.some((defect) => names(word, defect)));
  if (unknown.length > 0) {
    const known = [...all.map(({ id }) => id), ...new Set(all.map(({ family }) => kebab(family)))];
    const each = unknown.map((word) => {
      const meant = nearest(word, known);
      return `"${word}"${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
    });
    throw new Error(
      `Unknown defect or family: ${each.join(', ')}. \`meshproof selftest --list\` lists all defects.`,
    );
  }
  return all.filter((defect) => words.length === 0 || words.some((word) => names(word, defect)));
}
