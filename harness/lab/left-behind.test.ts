import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { loadTopology } from '../config/load.ts';
import { LeftBehind } from './left-behind.ts';
import { labFolder, labMeshFile, projectRoot } from './paths.ts';
import { upSteps } from './up.ts';

const folder = temporaryFolder('MESHPROOF_STATE');

const finished = join(folder, 'mesh.yaml');
writeFileSync(finished, '');

/** Heals that end as told, one after the other, and how often they were asked for. */
function heals(...ends: (string[] | Error)[]) {
  const asked: string[] = [];
  const heal = async (file: string): Promise<string[]> => {
    const end = ends[asked.push(file) - 1];
    if (end instanceof Error) throw end;
    return end ?? [];
  };
  return { asked, heal };
}

test('what a killed run left is healed before the repair, and not again after it', async () => {
  const { asked, heal } = heals(['link: removed a chain']);
  const left = new LeftBehind(finished, heal);
  assert.equal(await left.healBefore(), 'healed link: removed a chain');
  assert.equal(await left.healAfter(), undefined);
  assert.deepEqual(asked, [finished]);
});

test('what cannot be healed before the repair is healed after it', async () => {
  const { asked, heal } = heals(new Error('cluster east is silent'), ['east: gave a pod back']);
  const left = new LeftBehind(finished, heal);
  assert.match(await left.healBefore(), /tried again after the repair.*cluster east is silent/);
  assert.equal(await left.healAfter(), 'healed east: gave a pod back');
  assert.equal(asked.length, 2);
});

test('what cannot be healed after the repair either is an error', async () => {
  const left = new LeftBehind(finished, heals(new Error('before'), new Error('after')).heal);
  await left.healBefore();
  await assert.rejects(left.healAfter(), /after/);
});

test('a lab that was never finished has nothing to heal', async () => {
  const { asked, heal } = heals();
  assert.match(await new LeftBehind('/nonexistent/mesh.yaml', heal).healBefore(), /nothing/);
  assert.deepEqual(asked, []);
});

test('up heals in its first step, before it looks at any cluster', async () => {
  const { asked, heal } = heals(['west: let a node go on']);
  mkdirSync(labFolder('left-behind'));
  writeFileSync(labMeshFile('left-behind'), '');
  const topologyPath = join(projectRoot, 'clusters/topologies/west-east.yaml');
  const topology = loadTopology(topologyPath);
  const [first] = upSteps({
    ...{ name: 'left-behind', topology, topologyPath, images: 'auto', heal },
    awaitReadiness: () => Promise.reject(new Error('not yet')),
  });
  const step = first?.steps?.find(({ title }) => title.includes('killed run'));
  assert.equal(await step?.run?.(() => undefined), 'healed west: let a node go on');
  assert.deepEqual(asked, [labMeshFile('left-behind')]);
});
