import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { UnusablePath } from '../base/folders.ts';
import { temporaryFolder } from '../base/temporary-folder.ts';
import type { MeshFile } from './mesh-file.ts';
import { labFolder, stateFolder, stateRoot } from './state.ts';

const root = temporaryFolder('MESHPROOF_STATE');
const ofLab = (name: string) => stateFolder({ lab: { name } as MeshFile['lab'], meshId: 'm' });

test('the state folder is read from the environment when it is asked for', () => {
  assert.equal(stateRoot(), root);
  process.env['MESHPROOF_STATE'] = join(root, 'other');
  assert.equal(stateRoot(), join(root, 'other'));
  process.env['MESHPROOF_STATE'] = 'relative';
  assert.throws(stateRoot, UnusablePath);
  process.env['MESHPROOF_STATE'] = root;
});

test('a lab of another name than meshproof gives has no folder', () => {
  assert.equal(ofLab('lab-1'), join(root, 'lab-1'));
  for (const name of ['../x', '..', '.', '', '.meshes', 'A', 'a/b', 'a\nb', 'a-'])
    assert.throws(() => ofLab(name), /is not a name of a lab/);
});

test('every mesh id has its own folder below .meshes', () => {
  const ids = ['mesh1', '..', '.', '', '../x', '../../../etc', '\ud800', 'x'.repeat(10_000)];
  const folders = ids.map((meshId) => stateFolder({ lab: undefined, meshId }));
  assert.equal(folders[0], join(root, '.meshes/mesh1'));
  for (const folder of folders) assert.equal(join(folder, '..'), join(root, '.meshes'));
  assert.equal(new Set(folders).size, ids.length);
});

test('a lab whose folder is a link is refused', () => {
  mkdirSync(join(root, 'target'));
  symlinkSync(join(root, 'target'), join(root, 'linked'));
  assert.throws(() => labFolder('linked'), /linked is a symbolic link/);
});

test('a state folder that others can write to is refused', () => {
  chmodSync(root, 0o777);
  assert.throws(() => labFolder('one'), /Other users can write to the state folder/);
  chmodSync(root, 0o700);
});
