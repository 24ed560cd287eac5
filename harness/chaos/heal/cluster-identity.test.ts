import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import type { MeshFile } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { defineFault } from '../fault.ts';
import { heal } from './heal.ts';
import { inject } from './inject.ts';
import { journalOf, newEntryId } from './journal.ts';

temporaryFolder('MESHPROOF_STATE');

/** A mesh of one cluster called west; nothing of it answers but its namespace kube-system, and that has been asked for more is noted. */
function meshOf(uid: string, lab?: MeshFile['lab']) {
  const asked: string[] = [];
  const refuse = new Proxy(
    {},
    {
      get: (_, method) => () => {
        asked.push(String(method));
        return Promise.reject(new Error(`${String(method)} refused`));
      },
    },
  );
  const core = new Proxy(
    { readNamespace: async () => ({ metadata: { uid } }) },
    {
      get: (known, method) =>
        method in known ? known.readNamespace : (refuse as Record<string | symbol, unknown>)[method],
    },
  );
  const api = { cluster: 'west', core, apps: refuse, objects: refuse } as unknown as ClusterApi;
  const west = { name: 'west', context: 'c' };
  const file = { meshId: 'mesh1', rootNamespace: 'istio-system', namespace: 'w', clusters: [west], lab };
  const meshFile = file as unknown as MeshFile;
  return {
    asked,
    mesh: new Mesh(meshFile, [new MeshCluster(west as never, api, 'w')]),
    journal: journalOf(meshFile),
  };
}

const kind = defineFault({
  ...{ id: 'noted', title: 'Noted', disturbs: 'nothing', needsLab: false, stage: 'rest' },
  bounds: { injectMs: 1_000, healMs: 1_000 },
  ...{ parameters: z.object({}), undo: z.string(), clusters: () => ['west'] },
  prepare: async () => 'undo',
  inject: async () => undefined,
  prove: async () => 'proven',
  heal: async () => undefined,
  proveHealed: async () => 'healed',
});

const refused = () => undefined;

const entryOf = (clusters: Record<string, string>) => ({
  ...({ version: 1, id: newEntryId(), fault: 'pods-killed', phase: 'injected', pid: 1, clusters } as const),
  parameters: { cluster: 'west' },
  undo: { namespace: 'w', name: 'catalog', replicas: 2, pods: [] },
  startedAt: new Date().toISOString(),
});

test('an entry names its clusters; in a lab the folder does', async () => {
  const lab = { name: 'a-lab' } as MeshFile['lab'];
  for (const [{ mesh, journal }, noted] of [
    [meshOf('one'), { west: 'one' }],
    [meshOf('one', lab), {}],
  ] as const) {
    const injected = await inject(mesh, kind, {});
    assert.deepEqual((await journal.read()).entries[0]?.clusters, noted);
    await injected.heal();
  }
});

for (const [title, clusters, words] of [
  ['made on another cluster of that name', { west: 'one' }, /of another cluster with the name west/],
  ['made on a cluster that is not in this mesh', { north: 'one' }, /of another cluster with the name north/],
  ['that does not list a cluster', {}, /does not list the clusters of the fault/],
] as const)
  test(`an entry ${title} is refused, named, and kept`, async () => {
    const { mesh, journal, asked } = meshOf('two');
    const entry = entryOf(clusters);
    await journal.write(entry);
    await assert.rejects(heal(mesh, { refused }), ({ message }: Error) => {
      return words.test(message) && message.includes(journal.fileOf(entry));
    });
    assert.deepEqual((await journal.read()).entries, [entry]);
    assert.ok(!asked.includes('readNamespacedDeployment'), 'the pods of the fault were looked at');
    await journal.remove(entry);
  });

test('an entry whose fault changes a cluster that it does not list is refused, and kept', async () => {
  const { mesh, journal, asked } = meshOf('two');
  const entry = { ...entryOf({ west: 'two' }), parameters: { cluster: 'east' } };
  await journal.write(entry);
  await assert.rejects(heal(mesh, { refused }), /its fault changes east, but the entry lists west only/);
  assert.deepEqual((await journal.read()).entries, [entry]);
  assert.ok(!asked.includes('readNamespacedDeployment'), 'the pods of the fault were looked at');
  await journal.remove(entry);
});

test('an entry of the same clusters is healed', async () => {
  const { mesh, journal, asked } = meshOf('two');
  const entry = entryOf({ west: 'two' });
  await journal.write(entry);
  await assert.rejects(heal(mesh, { refused }), /readNamespacedDeployment refused/);
  assert.ok(asked.includes('readNamespacedDeployment'));
  await journal.remove(entry);
});
