import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Namespace } from '@kubernetes/client-node';
import { leftIn, standingOf } from './own-namespace.ts';

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

test('one that is being deleted is told from one that stays, but is not ours for that', () => {
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
