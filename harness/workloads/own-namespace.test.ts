import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Namespace } from '@kubernetes/client-node';
import type { MeshCluster } from '../mesh/attach.ts';
import { forEachCluster } from './for-each-cluster.ts';
import { leftIn, NotOurs, standingOf } from './own-namespace.ts';

const namespace = (labels: Record<string, string>, deletionTimestamp?: Date): V1Namespace => ({
  metadata: { name: 'team', labels, ...(deletionTimestamp && { deletionTimestamp }) },
});
const ours = { 'app.kubernetes.io/managed-by': 'meshproof' };

test('a namespace is ours by its label alone', () => {
  assert.equal(standingOf(undefined), 'absent');
  assert.equal(standingOf(namespace(ours)), 'ours');
  assert.equal(standingOf(namespace({ ...ours, 'istio-injection': 'enabled' })), 'ours');
  assert.equal(standingOf(namespace({ 'app.kubernetes.io/managed-by': 'Helm' })), 'foreign');
  assert.equal(standingOf(namespace({})), 'foreign');
  assert.equal(standingOf({ metadata: { name: 'team' } }), 'foreign');
});

test('a namespace that is being deleted is reported as such, but meshproof does not own it for that', () => {
  assert.equal(standingOf(namespace(ours, new Date())), 'leaving');
  assert.equal(standingOf(namespace({}, new Date())), 'foreign');
});

test('what keeps a namespace from being gone is said in the words of Kubernetes', () => {
  const conditions = [
    { type: 'NamespaceDeletionDiscoveryFailure', status: 'False', message: 'All resources discovered' },
    { type: 'NamespaceContentRemaining', status: 'True', message: 'pods. has 2 resource instances' },
    { type: 'NamespaceFinalizersRemaining', status: 'True', message: 'a.example/x in 1 resource instances' },
  ];
  assert.equal(
    leftIn({ status: { conditions } }),
    'pods. has 2 resource instances; a.example/x in 1 resource instances',
  );
  assert.equal(leftIn({}), '');
});

const clusters = [{ name: 'west' }, { name: 'east' }] as unknown as MeshCluster[];

test('what each cluster gave comes in their order', async () => {
  assert.deepEqual(await forEachCluster(clusters, ({ name }) => Promise.resolve(name)), ['west', 'east']);
});

test('every failure is named, after all have ended', async () => {
  const ended: string[] = [];
  const acts = forEachCluster(clusters, async ({ name }) => {
    await new Promise((resolve) => setTimeout(resolve, name === 'east' ? 5 : 0));
    ended.push(name);
    throw new Error(`${name} is silent`);
  });
  await assert.rejects(acts, { message: 'west is silent\neast is silent' });
  assert.deepEqual(ended, ['west', 'east']);
});

test('it is wrong use only where that is all that failed', async () => {
  const failing = (of: (name: string) => Error) =>
    forEachCluster(clusters, ({ name }) => Promise.reject(of(name)));
  await assert.rejects(
    failing((name) => new NotOurs(name)),
    NotOurs,
  );
  const both = failing((name) => (name === 'west' ? new NotOurs(name) : new Error(name)));
  await assert.rejects(both, (error) => error instanceof Error && !(error instanceof NotOurs));
});
