import { readFile } from 'node:fs/promises';
import { inside } from '../base/folders.ts';
import type { Authorities } from './authorities.ts';

/** The file with the authorities of a lab: a file 0600 in a folder 0700. */
export const authoritiesFile = (folder: string): string => inside(folder, 'authorities.json');

/** The certificate authorities of a lab as they are kept in its folder. */
export interface Kept {
  /** The trust section of the topology that they were made for. */
  trust: string;
  authorities: Authorities;
}

/** Reads them; undefined if they do not exist. */
export async function readKept(file: string): Promise<Kept | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`Cannot read ${file}; remove the lab with \`meshproof down\`.`, { cause: error });
  }
}
