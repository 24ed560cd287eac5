import { globSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { projectRoot } from '../../harness/lab/paths.ts';
import { WrongUse } from './outcome.ts';

/**
 * The files of the suites that a path or a part of one names, such as `suites/locality` or `traffic-stays`, relative to the
 * checkout. Only these are passed to Playwright, which would take other words for its options or for patterns.
 *
 * @throws WrongUse if a name matches no suite.
 */
export function suiteFiles(names: readonly string[]): string[] {
  const all = globSync('suites/**/*.spec.ts', { cwd: projectRoot }).sort();
  const chosen = names.flatMap((name) => {
    const wanted = [name, relative(projectRoot, resolve(name))];
    const found = all.filter((file) => wanted.some((one) => one !== '' && file.includes(one)));
    if (found.length > 0) return found;
    throw new WrongUse(
      `No suite matches "${name}". Give promises such as AUT-01, or paths such as suites/locality; docs/promises.md lists both.`,
    );
  });
  return [...new Set(chosen)];
}

/** A text as a regular expression that matches only itself: Playwright takes paths for patterns. */
export const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A regular expression over promises, for commander. */
export function grepPattern(text: string): string {
  try {
    return new RegExp(text) && text;
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}
