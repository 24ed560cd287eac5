import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';

const folder = mkdtempSync(join(tmpdir(), 'meshproof-work-'));
after(() => rmSync(folder, { recursive: true }));
process.env['MESHPROOF_STATE'] = folder; // read when the module is loaded
const { lockMesh } = await import('./lab-work.ts');

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
