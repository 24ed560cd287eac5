import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject, V1Node } from '@kubernetes/client-node';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import type { MeshFile, MeshFileCluster } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { ChangedSince } from '../heal/changed-since.ts';
import { mergePatch } from '../objects/comparison.ts';
import { regionAnnotation, regionLabel, regionLabelsLost } from './region-labels-lost.ts';

temporaryFolder('MESHPROOF_STATE');

/** Nodes by name, each with its labels. */
function opened(labels: Record<string, Record<string, string>>) {
  const nodes = new Map<string, V1Node>(
    Object.entries(labels).map(([name, each]) => [name, { metadata: { name, labels: each } }]),
  );
  let looks = 0;
  const core = {
    readNamespace: async () => ({ metadata: { uid: 'west' } }),
    listNode: async ({ fieldSelector = '' } = {}) => {
      looks += 1;
      const name = fieldSelector.split('=')[1];
      return { items: [...nodes.values()].filter(({ metadata }) => !name || metadata?.name === name) };
    },
  };
  const objects = {
    patch: async (one: KubernetesObject) => {
      const name = one.metadata?.name ?? '';
      nodes.set(name, mergePatch(nodes.get(name), one) as V1Node);
    },
  };
  const api = { cluster: 'west', core, objects } as unknown as ClusterApi;
  const west = new MeshCluster({ name: 'west' } as MeshFileCluster, api, 'workloads');
  const file = { clusters: [{ name: 'west' }], services: [] } as unknown as MeshFile;
  const mesh = new Mesh(file, [west]);
  const of = {
    mesh,
    id: 'abcdefgh',
    parameters: { cluster: 'west' },
    undo: { regions: { a: 'r1', b: 'r1' } },
  };
  const regionOf = (name: string) => nodes.get(name)?.metadata?.labels?.[regionLabel];
  return { nodes, mesh, of, regionOf, looked: () => looks };
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
  const { nodes, of, regionOf } = opened(structuredClone(both));
  await regionLabelsLost.inject(of);
  const given = (annotations: Record<string, string>): V1Node => ({
    metadata: { name: 'a', labels: { [regionLabel]: 'r2' }, annotations },
  });
  nodes.set('a', given({ [regionAnnotation]: 'r1' }));
  await assert.rejects(regionLabelsLost.heal(of), ChangedSince);
  assert.equal(regionOf('a'), 'r2');
  nodes.set('a', given({}));
  await regionLabelsLost.heal(of);
  assert.match(await regionLabelsLost.proveHealed(of), /a r2, b r1$/);
});

test('the region of a deleted node is not restored', async () => {
  const { nodes, of } = opened(structuredClone(both));
  await regionLabelsLost.inject(of);
  nodes.delete('a');
  await regionLabelsLost.heal(of);
  assert.match(await regionLabelsLost.proveHealed(of), /: b r1$/);
});
