import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import { FakeMeshCluster, fakeMesh } from '../../mesh/fake-mesh.ts';
import { bounds } from '../bounds.ts';
import { ChangedSince } from '../heal/changed-since.ts';
import { regionAnnotation, regionLabel, regionLabelsLost } from './region-labels-lost.ts';

temporaryFolder('MESHPROOF_STATE');

/** Nodes by name, each with its labels. */
function opened(labels: Record<string, Record<string, string>>) {
  const fake = new FakeMeshCluster('west');
  const put = (name: string, metadata: V1ObjectMeta) =>
    fake.put({ apiVersion: 'v1', kind: 'Node', metadata: { name, ...metadata } });
  for (const [name, each] of Object.entries(labels)) put(name, { labels: each });
  const looked = mock.method(fake.api.core, 'listNode').mock;
  const of = {
    mesh: fakeMesh([fake]),
    id: 'abcdefgh',
    parameters: { cluster: 'west' },
    undo: { regions: { a: 'r1', b: 'r1' } },
  };
  const regionOf = (name: string) => fake.get(`Node ${name}`)?.metadata?.labels?.[regionLabel];
  return { fake, put, mesh: of.mesh, of, regionOf, looked: () => looked.callCount() };
}

const both = { a: { [regionLabel]: 'r1' }, b: { [regionLabel]: 'r1' } };

test('all regions are lost, which the list of nodes shows, and restored', async () => {
  const { mesh, of, regionOf } = opened(structuredClone(both));
  assert.deepEqual(await regionLabelsLost.prepare(mesh, of.parameters, of.id), of.undo);
  await regionLabelsLost.inject(of);
  assert.match(await regionLabelsLost.prove(of), /can read: a none, b none$/);
  await regionLabelsLost.heal(of);
  assert.match(await regionLabelsLost.proveHealed(of), /a r1, b r1$/);
  assert.deepEqual([regionOf('a'), regionOf('b')], ['r1', 'r1']);
});

test('a node with the old region label is refused, because istiod reads it', async () => {
  const { mesh, of } = opened({
    a: { [regionLabel]: 'r1', 'failure-domain.beta.kubernetes.io/region': 'r1' },
  });
  await assert.rejects(regionLabelsLost.prepare(mesh, of.parameters, of.id), /which istiod reads/);
});

for (const [title, labels] of [
  ['the cluster does not have a node', {}],
  ['one of the nodes is not there', { a: {} }],
  ['another node has a region', { a: {}, b: {}, c: { [regionLabel]: 'r1' } }],
  [
    'a node has a region by its name of old',
    { a: {}, b: { 'failure-domain.beta.kubernetes.io/region': 'r1' } },
  ],
] as const)
  test(`the fault is not proven if ${title}`, async ({ mock }) => {
    const { of, looked } = opened(structuredClone(labels));
    mock.method(performance, 'now', () => (looked() < 2 ? 0 : bounds.discovery.injectMs + 1));
    await assert.rejects(regionLabelsLost.prove(of), /for the regions of west's nodes/);
    assert.equal(looked(), 2);
  });

test('a region that somebody has set since stays and is reported, unless the note is gone', async () => {
  const { put, of, regionOf } = opened(structuredClone(both));
  await regionLabelsLost.inject(of);
  const given = (annotations: Record<string, string>) =>
    put('a', { labels: { [regionLabel]: 'r2' }, annotations });
  given({ [regionAnnotation]: 'r1' });
  await assert.rejects(regionLabelsLost.heal(of), ChangedSince);
  assert.equal(regionOf('a'), 'r2');
  given({});
  await regionLabelsLost.heal(of);
  assert.match(await regionLabelsLost.proveHealed(of), /a r2, b r1$/);
});

test('the region of a deleted node is not restored', async () => {
  const { fake, of } = opened(structuredClone(both));
  await regionLabelsLost.inject(of);
  fake.stored.delete('Node a');
  await regionLabelsLost.heal(of);
  assert.match(await regionLabelsLost.proveHealed(of), /: b r1$/);
});
