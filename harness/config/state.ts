import { resolve } from 'node:path';
import { fileNameOf, folderFrom, inside, requireOwn, UnusablePath } from '../base/folders.ts';
import type { MeshFile } from './mesh-file.ts';
import { namePattern } from './names.ts';

/**
 * The folder with the state of all labs and meshes of this checkout: MESHPROOF_STATE, or `.meshproof` in the checkout.
 *
 * @throws UnusablePath if MESHPROOF_STATE is a relative path, or if other users can write to the folder.
 */
export function stateRoot(): string {
  const root = folderFrom('MESHPROOF_STATE') ?? resolve(import.meta.dirname, '../../.meshproof');
  requireOwn(root, 'state folder');
  return root;
}

/** The folder of one lab: its mesh file, kubeconfigs, keys and logs. @throws UnusablePath as {@link stateRoot}, or if it is a link. */
export function labFolder(lab: string): string {
  if (!namePattern.test(lab))
    throw new UnusablePath(
      `${JSON.stringify(lab.slice(0, 80))} is not a name of a lab. Use lower-case letters, digits and dashes, a letter first.`,
    );
  return inside(stateRoot(), lab);
}

/**
 * The folder with what this machine knows of a mesh: the folder of its lab, or one for its mesh id below `.meshes`, which cannot be the
 * name of a lab.
 *
 * @throws UnusablePath as {@link labFolder}.
 */
export const stateFolder = ({ lab, meshId }: Pick<MeshFile, 'lab' | 'meshId'>): string =>
  lab ? labFolder(lab.name) : inside(stateRoot(), '.meshes', fileNameOf(meshId));
