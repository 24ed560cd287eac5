import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1LabelSelector } from '@kubernetes/client-node';
import { temporaryFolder } from '../base/temporary-folder.ts';
import type { Stored } from '../kube/fake-cluster.ts';
import { FakeMeshCluster } from '../mesh/fake-mesh.ts';
import { ChangedSince } from './heal/changed-since.ts';
import { endPods, healReplicas, podsOf, replicasNow, scale } from './scale.ts';

temporaryFolder('MESHPROOF_STATE');

const ref = { namespace: 'n', name: 'd' };

/** A Deployment whose pods are always as many as it asks for. */
function cluster(replicas: number, selector: V1LabelSelector = { matchLabels: { app: 'd' } }) {
  const fake = new FakeMeshCluster('west');
  const written: Stored = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: ref };
  const setBySomebody = (pods: number) =>
    fake.put({ ...now(), spec: { replicas: pods, selector, template: {} } });
  const now = () => fake.get('Deployment n/d') ?? written;
  setBySomebody(replicas);
  return {
    west: fake.cluster,
    asked: () => (now() as V1Deployment).spec?.replicas,
    notes: () => Object.values(now().metadata?.annotations ?? {}),
    setBySomebody,
    decide: () => fake.put({ ...now(), metadata: ref }),
  };
}

test('an inner change is undone to the number of the outer change, and the outer to the first', async () => {
  const { west, asked, notes } = cluster(1);
  const outer = await scale(west, ref, 3);
  const before = await replicasNow(west, ref);
  await endPods(west, ref);
  await healReplicas(west, ref, before);
  assert.equal(asked(), 3);
  assert.ok(notes().includes('1'), 'what was before the outer change is noted still');
  await outer.restore();
  assert.deepEqual([asked(), notes()], [1, []]);
});

test('the number is restored after a kill at any moment', async () => {
  for (const left of [0, 2, 3]) {
    const { west, asked, notes, setBySomebody } = cluster(2);
    await endPods(west, ref);
    await scale(west, ref, 3);
    setBySomebody(left); // noted, and not written
    await healReplicas(west, ref, 2);
    assert.deepEqual([asked(), notes()], [2, []]);
  }
});

test('a number that somebody has set since stays and is reported, until the notes are removed', async () => {
  const { west, asked, notes, setBySomebody, decide } = cluster(2);
  await endPods(west, ref);
  setBySomebody(5);
  await assert.rejects(healReplicas(west, ref, 2), (error: Error) => {
    return error instanceof ChangedSince && /pods \(5\) of Deployment n\/d of west/.test(error.message);
  });
  assert.deepEqual([asked(), notes().length], [5, 3]);
  decide();
  await healReplicas(west, ref, 2);
  assert.equal(asked(), 5);
});

test('pods that a late request removed after the healing are restored', async () => {
  const { west, asked, setBySomebody } = cluster(2);
  setBySomebody(0);
  await healReplicas(west, ref, 2);
  assert.equal(asked(), 2);
});

for (const selector of [
  {},
  { matchLabels: { app: 'd' }, matchExpressions: [{ key: 'app', operator: 'Exists' }] },
])
  test(`a Deployment with the selector ${JSON.stringify(selector)} does not lose pods of other Deployments`, async () => {
    const { west, asked } = cluster(1, selector);
    for (const act of [podsOf, endPods])
      await assert.rejects(act(west, ref), /Deployment n\/d of cluster west cannot be disturbed/);
    assert.equal(asked(), 1);
  });
