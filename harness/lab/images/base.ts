import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../command.ts';
import { docker } from '../docker.ts';
import { workFolder } from '../paths.ts';
import { imageExists, type ImageOptions } from './build.ts';
import { digest, pins } from './recipe.ts';

/** The image that all others stand on: a small Debian, bootstrapped here. Returns its name. */
export async function ensureBase({ engine, ...options }: ImageOptions): Promise<string> {
  const { suite, packages } = pins.debian;
  const image = `meshproof/base:${digest(suite, ...packages)}`;
  if (await imageExists(engine, image)) return image;
  options.onLine?.(`bootstrapping Debian ${suite}`);
  const folder = await workFolder('base');
  try {
    const tar = join(folder, 'base.tar');
    const leaveOut = ['doc', 'man', 'locale', 'info'].map(
      (name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`,
    );
    await run(
      ['mmdebstrap', '--variant=minbase', `--include=${packages.join(',')}`, ...leaveOut, suite, tar],
      options,
    );
    await docker(engine, ['import', tar, image], options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return image;
}
