import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../../harness/base/temporary-folder.ts';
import { lockMesh } from './lab-work.ts';

const folder = temporaryFolder('MESHPROOF_STATE');

const meshFile = (name: string): string => {
  const file = join(folder, name);
  const cluster = { name: 'west', context: 'prod-west', network: 'n', region: 'r', zone: 'z' };
  const services = [{ name: 'catalog', pods: { west: 1 } }];
  const mesh = {
    apiVersion: 'meshproof.dev/v1',
    kind: 'Mesh',
    meshId: 'production',
    clusters: [cluster],
    services,
  };
  writeFileSync(file, JSON.stringify(mesh)); // JSON is YAML
  return file;
};

test('one command at a time works on a mesh of someone’s own', async () => {
  const file = meshFile('mesh.yaml');
  {
    await using _lock = await lockMesh(file);
    await assert.rejects(lockMesh(file), new RegExp(`Process ${process.pid} is working on this mesh`));
  }
  await using _again = await lockMesh(file);
});
