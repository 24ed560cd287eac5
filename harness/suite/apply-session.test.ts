import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { FakeMeshCluster, fakeMesh } from '../mesh/fake-mesh.ts';
import { ApplySession } from './apply-session.ts';

temporaryFolder('MESHPROOF_STATE');

/** A mesh with one cluster, and the names of its ConfigMaps; `on` is called before each write and may refuse it. */
function recorded(on: (verb: string, name: string) => Promise<void> = () => Promise.resolve()) {
  const fake = new FakeMeshCluster('west');
  fake.beforeWrite = (write) => {
    const [verb = '', name = ''] = write.split(/ ConfigMap workloads\//);
    return on(verb, name);
  };
  const there = () =>
    [...fake.stored.values()].filter(({ kind }) => kind === 'ConfigMap').map((one) => one.metadata?.name);
  return { there, session: new ApplySession(fakeMesh([fake], { namespace: 'workloads' })) };
}
const maps = (...names: string[]) =>
  names.map((name) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } }));
const unwatched = { awaitProxies: 'none' } as const;

test('applied manifests are undone', async () => {
  const { there, session } = recorded();
  await session.apply(maps('one', 'two'), unwatched);
  assert.deepEqual(there(), ['one', 'two']);
  await session.undo();
  assert.deepEqual([there(), session.names()], [[], []]);
});

test('a test that ends while it applies manifests: all are undone', async () => {
  const { there, session } = recorded((verb) => delay(verb === 'patch' ? 10 : 0));
  const applying = session.apply(maps('one', 'two'), unwatched);
  await session.undo();
  await applying;
  assert.deepEqual(there(), []);
});

test('after the end of the test, nothing is applied', async () => {
  const { there, session } = recorded();
  await session.undo();
  await assert.rejects(session.apply(maps('late'), unwatched), /The test is over: it cannot apply manifests/);
  assert.deepEqual(there(), []);
});

test('an undo that fails is reported, does not prevent others, and is tried again', async () => {
  let refuses = true;
  const { there, session } = recorded(async (verb, name) => {
    if (refuses && verb === 'delete' && name === 'two') throw new Error('no answer');
  });
  await session.apply(maps('one', 'two', 'three'), unwatched);
  await assert.rejects(session.undo(), /ConfigMap workloads\/two could not be restored/);
  assert.deepEqual(there(), ['two']);
  assert.equal(session.names().length > 0, true);
  refuses = false;
  await session.undo();
  assert.deepEqual([there(), session.names()], [[], []]);
});

test('a refused object is named, and the objects before it are undone at the end', async () => {
  const { there, session } = recorded(async (verb, name) => {
    if (verb === 'patch' && name === 'two') throw new Error('refused');
  });
  await assert.rejects(session.apply(maps('one', 'two', 'three'), unwatched), /two/);
  await session.undo();
  assert.deepEqual(there(), []);
});
