import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';
import { describeMachine, describeMesh, readContext, writeContext, type RunContext } from './context.ts';
import { pointLatestTo, writeAtomically } from './files.ts';
import { sampleMesh } from './sample.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'meshproof-files-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('an atomic write replaces the text and leaves nothing beside it, not even when it fails', async () => {
  await writeAtomically(path.join(dir, 'new/a'), '1');
  await writeAtomically(path.join(dir, 'new/a'), '2');
  assert.equal(await readFile(path.join(dir, 'new/a'), 'utf8'), '2');
  await mkdir(path.join(dir, 'new/b/c'), { recursive: true });
  await assert.rejects(writeAtomically(path.join(dir, 'new/b'), '3'), /cannot write .*new\/b/);
  assert.deepEqual(await readdir(path.join(dir, 'new')), ['a', 'b']);
});

test('latest follows the runs, and a folder of that name stays', async () => {
  assert.ok(await pointLatestTo(path.join(dir, 'one')));
  assert.ok(await pointLatestTo(path.join(dir, 'two')));
  assert.equal(await readlink(path.join(dir, 'latest')), 'two');
  await rm(path.join(dir, 'latest'));
  await mkdir(path.join(dir, 'latest'));
  assert.equal(await pointLatestTo(path.join(dir, 'two')), false);
});

const context: RunContext = {
  ...{
    name: 'run',
    command: 'npm run certify',
    startedAt: '2026-09-14T09:00:00.000Z',
    versions: { istio: '1.31' },
  },
  ...{ mesh: sampleMesh, machine: describeMachine() },
};

test('a context is read as it was written, and an unfit one is named', async () => {
  await writeContext(dir, context);
  assert.deepEqual(await readContext(dir), context);
  await writeFile(path.join(dir, 'context.json'), '{"name":"x"}');
  await assert.rejects(readContext(dir), /context\.json is not a run context.*startedAt/s);
});

test('without a context the mesh file is drawn, and an unreadable one is not', async () => {
  const file = path.join(dir, 'mesh.yaml');
  await writeFile(file, 'meshId: m\ntrustDomain: t\nservices: []\nclusters: []\n');
  assert.equal((await readContext(dir, file)).mesh?.meshId, 'm');
  await writeFile(file, ': not [ yaml');
  assert.equal((await readContext(dir, file)).mesh, null);
  assert.equal((await readContext(dir)).name, path.basename(dir));
});

test('a mesh file is described with its gateways', () => {
  const cluster = {
    name: 'west',
    context: 'kind-west',
    role: 'primary' as const,
    network: 'n',
    region: 'r',
    zone: 'z',
  };
  const gateway = {
    address: '10.0.0.1',
    port: 15443,
    namespace: 'istio-system',
    deployment: 'istio-eastwestgateway',
  };
  const file = {
    ...{ apiVersion: 'meshproof.dev/v1' as const, kind: 'Mesh' as const, meshId: 'm', trustDomain: 't' },
    ...{ rootNamespace: 'istio-system', namespace: 'meshproof', services: [] },
    clusters: [{ ...cluster, eastWestGateway: gateway }],
  };
  const mesh = describeMesh(file, sampleMesh.link);
  assert.deepEqual(
    [mesh.lab, mesh.clusters[0]?.eastWestGateway, mesh.clusters[0]?.ingress],
    [null, '10.0.0.1:15443', null],
  );
});
