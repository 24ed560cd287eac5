import { nearest } from '../config/nearest.ts';
import type { Defect } from './defect.ts';

/** `trust and identity` → `trust-and-identity`. */
const kebab = (text: string): string => text.toLowerCase().replaceAll(' ', '-');

/** Whether a word names a family: all of it, or its beginning up to a space, such as `trust`. */
const isFamily = (family: string, word: string): boolean => `${kebab(family)}-`.startsWith(`${kebab(word)}-`);

/**
 * The defects that words name, by id or family, in the order of `all`; all of them for no word.
 *
 * @throws Error that names the words which name nothing.
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
      `No defect and no family is named ${each.join(' or ')}; \`meshproof selftest --list\` tells them.`,
    );
  }
  return all.filter((defect) => words.length === 0 || words.some((word) => names(word, defect)));
}
