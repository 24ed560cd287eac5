import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import type { Pod } from '../mesh/attach.ts';
import { rolloutProblems, withoutSidecar } from './rollout.ts';

const deployment = (available: number, status: V1Deployment['status'] = {}): V1Deployment => ({
  metadata: { name: 'catalog', generation: 1 },
  spec: { replicas: 2, selector: {}, template: {} },
  status: {
    ...{ observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: available },
    ...status,
  },
});
const pod = (status: V1Pod['status']): V1Pod => ({
  metadata: { name: 'catalog-1', labels: { app: 'catalog' } },
  ...(status && { status }),
});
const waiting = (name: string, reason: string, message?: string): V1Pod =>
  pod({
    containerStatuses: [
      {
        ...{ name, image: 'proxy:1', imageID: '', ready: false, restartCount: 0 },
        state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
      },
    ],
  });
const problems = (one: V1Deployment, ...pods: V1Pod[]) => rolloutProblems(['catalog'], [one], pods);

test('a Deployment that has all its pods is not a problem', () => {
  assert.deepEqual(problems(deployment(2)), []);
});

test('one that is not there, or has not all of its pods, is named', () => {
  assert.deepEqual(rolloutProblems(['catalog'], [], []), ['catalog is not there']);
  assert.deepEqual(problems(deployment(1)), ['catalog has 1 of 2 pods ready']);
  assert.deepEqual(problems(deployment(2, { observedGeneration: 0 })), ['catalog has 2 of 2 pods ready']);
});

test('the message of Kubernetes about its pods follows it', () => {
  assert.deepEqual(problems(deployment(0), waiting('app', 'ImagePullBackOff', 'no such image')), [
    'catalog has 0 of 2 pods ready: catalog-1: container app: ImagePullBackOff: no such image',
  ]);
  const unscheduled = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message: '0/3 nodes',
  };
  assert.deepEqual(problems(deployment(0), pod({ conditions: [unscheduled] })), [
    'catalog has 0 of 2 pods ready: catalog-1: Unschedulable: 0/3 nodes',
  ]);
  const conditions = [{ type: 'ReplicaFailure', status: 'True', message: 'exceeded quota' }];
  assert.deepEqual(problems(deployment(0, { conditions })), [
    'catalog has 0 of 2 pods ready: exceeded quota',
  ]);
});

test('a container that is being created is not a problem', () => {
  assert.deepEqual(problems(deployment(0), waiting('app', 'ContainerCreating')), [
    'catalog has 0 of 2 pods ready',
  ]);
});

test('pods without a sidecar are found, but for the probe that shall have none', () => {
  const of = (name: string, app: string, sidecar: boolean) =>
    ({ name, sidecar, object: { metadata: { labels: { app } } } }) as unknown as Pod;
  const pods = [of('a', 'catalog', true), of('b', 'probe-plain', false), of('c', 'webapp', false)];
  assert.deepEqual(
    withoutSidecar(pods).map(({ name }) => name),
    ['c'],
  );
});
