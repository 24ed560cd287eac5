import { mkdir, mkdtemp } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { labFolder, stateRoot } from '../mesh/state.ts';

/** The checkout that this code runs from. */
export const projectRoot = resolve(import.meta.dirname, '../..');

/** Where everything that is expensive and safe to lose is kept: binaries, the private engine, its images. */
export const cacheRoot = resolve(
  process.env['MESHPROOF_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshproof'),
);

/** A new folder for a work in progress, on the cache's disk: image archives are too large for some /tmp. */
export async function workFolder(purpose: string): Promise<string> {
  await mkdir(join(cacheRoot, 'tmp'), { recursive: true });
  return mkdtemp(join(cacheRoot, 'tmp', `${purpose}-`));
}

export { labFolder, stateRoot };

/** The mesh file that `up` writes for a lab. */
export const labMeshFile = (lab: string): string => join(labFolder(lab), 'mesh.yaml');
