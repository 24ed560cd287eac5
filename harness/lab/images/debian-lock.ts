import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recipeFolder } from './recipe.ts';

/** A package of Debian's archive: its version, and the SHA-256 of the .deb file from the index that apt verified by its signature. */
export interface DebianPackage {
  name: string;
  version: string;
  sha256: string;
}

/** The packages of the base image for amd64, one a line: `name=version=sha256`. `npm run images:lock` writes it. */
export const lockFile = join(recipeFolder, 'debian.lock');

/**
 * Parses the text of a lock file.
 *
 * @throws Error that quotes the first line of another form.
 */
export function parseLock(text: string): DebianPackage[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', version = '', sha256 = ''] = /^([^=\s]+)=([^=\s]+)=([0-9a-f]{64})$/.exec(line) ?? [];
    if (name === '')
      throw new Error(`${lockFile}: "${line}" is not name=version=sha256. Run \`npm run images:lock\`.`);
    return { name, version, sha256 };
  });
}

export const readLock = async (): Promise<DebianPackage[]> => parseLock(await readFile(lockFile, 'utf8'));

/** The text of a lock file: sorted by name, so that a new lock shows as a small difference. */
export function formatLock(packages: readonly DebianPackage[]): string {
  const lines = packages.map(({ name, version, sha256 }) => `${name}=${version}=${sha256}`);
  return [
    '# Debian packages of the base image, amd64. Written by `npm run images:lock`.',
    ...lines.sort(),
    '',
  ].join('\n');
}

/**
 * Parses the output of `apt-cache show` for installed packages.
 *
 * @throws Error for a package whose SHA-256 apt does not know.
 */
export function parseAptCache(printed: string): DebianPackage[] {
  const packages = printed.split(/\n\n+/).flatMap((stanza) => {
    const field = (name: string): string => new RegExp(`^${name}: (.+)$`, 'm').exec(stanza)?.[1] ?? '';
    const name = field('Package');
    return name === '' ? [] : [{ name, version: field('Version'), sha256: field('SHA256') }];
  });
  const unknown = packages.find(({ sha256 }) => sha256 === '');
  if (unknown) throw new Error(`apt does not know the SHA-256 of Debian package ${unknown.name}.`);
  return packages;
}

/**
 * Compares the packages that apt chose with the lock. Another version is a difference: Debian's mirrors keep only the newest
 * version, and apt verified its signature.
 *
 * @returns One text for each difference, empty if all packages are as locked.
 * @throws Error if a package has the locked version but other contents, which Debian never publishes.
 */
export function differencesFromLock(
  locked: readonly DebianPackage[],
  chosen: readonly DebianPackage[],
): string[] {
  const byName = new Map(locked.map((entry) => [entry.name, entry]));
  const changed = chosen.flatMap(({ name, version, sha256 }) => {
    const entry = byName.get(name);
    byName.delete(name);
    if (entry?.version === version && entry.sha256 !== sha256)
      throw new Error(
        `Debian package ${name} ${version} has SHA-256 ${sha256}, and debian.lock has ${entry.sha256}. ` +
          'A version never changes its contents: do not use this mirror.',
      );
    if (entry?.version === version) return [];
    return [`${name} ${entry?.version ?? '(not locked)'} -> ${version}`];
  });
  return [
    ...changed,
    ...[...byName.values()].map(({ name, version }) => `${name} ${version} -> (not installed)`),
  ];
}
