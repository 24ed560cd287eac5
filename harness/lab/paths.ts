import { mkdtemp } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { folderFrom, inside, makeFolder } from '../base/folders.ts';
import { labFolder, stateRoot } from '../config/state.ts';

/** The checkout that this code runs from. */
export const projectRoot = resolve(import.meta.dirname, '../..');

/**
 * The folder with all that is expensive and safe to lose: binaries, the private engine, its images. It is MESHPROOF_CACHE, or `meshproof`
 * in XDG_CACHE_HOME, which does not count if it is relative (XDG Base Directory Specification).
 *
 * @throws UnusablePath if MESHPROOF_CACHE is a relative path.
 */
export function cacheRoot(): string {
  const { XDG_CACHE_HOME: xdg = '' } = process.env;
  return (
    folderFrom('MESHPROOF_CACHE') ?? join(isAbsolute(xdg) ? xdg : join(homedir(), '.cache'), 'meshproof')
  );
}

/** A new folder for a work in progress, on the cache's disk: image archives are too large for some /tmp. */
export async function workFolder(purpose: string): Promise<string> {
  const folder = join(cacheRoot(), 'tmp');
  makeFolder(folder, 0o777);
  return mkdtemp(join(folder, `${purpose}-`));
}

export { labFolder, stateRoot };

/** The mesh file that `up` writes for a lab. */
export const labMeshFile = (lab: string): string => inside(labFolder(lab), 'mesh.yaml');
