import { join, resolve } from 'node:path';
import type { MeshFile } from './mesh-file.ts';

/** Where the state of all labs of this checkout is kept. */
export const stateRoot = resolve(
  process.env['MESHPROOF_STATE'] ?? join(import.meta.dirname, '../../.meshproof'),
);

/** The folder of one lab: its mesh file, kubeconfigs, keys and logs. */
export const labFolder = (lab: string): string => join(stateRoot, lab);

/** Where meshes that are no lab of ours have their folders: no lab can have that name. */
const meshesFolder = join(stateRoot, '.meshes');

/** The folder where what this machine knows of a mesh is kept: a lab's own, or one for its mesh id. */
export const stateFolder = ({ lab, meshId }: Pick<MeshFile, 'lab' | 'meshId'>): string =>
  lab ? labFolder(lab.name) : join(meshesFolder, encodeURIComponent(meshId));
