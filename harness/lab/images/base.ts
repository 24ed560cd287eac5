import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../base/command.ts';
import { docker, inspect } from '../../base/docker.ts';
import type { Engine } from '../engine.ts';
import { workFolder } from '../paths.ts';
import type { StepOptions } from '../step.ts';
import { imageExists, type ImageOptions } from './build.ts';
import {
  differencesFromLock,
  formatLock,
  parseAptCache,
  readLock,
  type DebianPackage,
} from './debian-lock.ts';
import { digest, pins, recipeVersion } from './recipe.ts';

/** A label of the base image and all images on top of it: the Debian packages that differ from debian.lock. */
const differencesLabel = 'meshproof.dev/debian-differences';

// The hook runs while apt's indexes are there: afterwards mmdebstrap deletes them.
const writeChosen = `dpkg-query --admindir="$1/var/lib/dpkg" --show --showformat '\${Package}=\${Version}\\n' |
  APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" xargs apt-cache show >"$MESHPROOF_CHOSEN"`;

/**
 * Makes a small Debian root file system.
 *
 * @param target An archive, or `-` with format `null` for the list of packages alone.
 * @returns The packages in it.
 */
async function bootstrap(
  format: 'tar' | 'null',
  target: string,
  options: StepOptions,
): Promise<DebianPackage[]> {
  const { suite, packages } = pins.debian;
  const folder = await workFolder('debian');
  try {
    const chosen = join(folder, 'chosen');
    const leaveOut = ['doc', 'man', 'locale', 'info'].map(
      (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
    );
    await run(
      [
        ...['mmdebstrap', '--variant=minbase', `--format=${format}`, `--include=${packages.join(',')}`],
        ...[...leaveOut, `--customize-hook=${writeChosen}`, suite, target],
      ],
      { ...options, env: { MESHPROOF_CHOSEN: chosen } },
    );
    return parseAptCache(await readFile(chosen, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The text of debian.lock for the packages that Debian's mirror serves now. */
export const resolveLock = async (options: StepOptions): Promise<string> =>
  formatLock(await bootstrap('null', '-', options));

/** The Debian packages of an image that differ from debian.lock: none for an image that was not made from packages. */
export async function debianDifferences(engine: Engine, image: string): Promise<string[]> {
  const label = await inspect(engine, 'image', image, `{{index .Config.Labels "${differencesLabel}"}}`);
  return label === undefined || label === '' || label === '<no value>' ? [] : label.split(', ');
}

/**
 * Makes the base image that all other images are made from, or finds it: a small Debian.
 *
 * @returns The name of the image.
 * @throws Error if its packages differ from debian.lock and `locked` forbids that.
 */
export async function ensureBase(options: ImageOptions): Promise<string> {
  const { suite, packages } = pins.debian;
  const locked = await readLock();
  const image = `meshproof/base:${digest(String(recipeVersion), suite, ...packages, formatLock(locked))}`;
  if (!(await imageExists(options.engine, image))) await makeBase(image, locked, options);
  const differences = await debianDifferences(options.engine, image);
  if (options.locked && differences.length > 0)
    throw new Error(
      `Debian's mirror no longer serves the packages of clusters/images/debian.lock: ${differences.join(', ')}. ` +
        'Run `npm run images:lock` and review the difference, or omit --locked.',
    );
  return image;
}

async function makeBase(image: string, locked: DebianPackage[], options: ImageOptions): Promise<void> {
  options.onLine?.(`bootstrapping Debian ${pins.debian.suite}`);
  const folder = await workFolder('base');
  try {
    const tar = join(folder, 'base.tar');
    const differences = differencesFromLock(locked, await bootstrap('tar', tar, options));
    const label = `LABEL ${differencesLabel}=${JSON.stringify(differences.join(', '))}`;
    await docker(options.engine, ['import', '--change', label, tar, image], options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
