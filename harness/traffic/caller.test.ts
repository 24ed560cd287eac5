import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshCluster } from '../mesh/attach.ts';
import { Caller } from './caller.ts';

test('a disposed caller does not open a port-forward', async () => {
  const opened: string[] = [];
  const cluster = {
    name: 'east',
    namespace: 'meshproof',
    readyPod: () => Promise.resolve({ name: 'probe-plain-1' }),
    portForward: (pod: { name: string }) => {
      opened.push(pod.name);
      return Promise.reject(new Error('no cluster here'));
    },
  } as unknown as MeshCluster;
  const caller = new Caller(cluster, 'probe-plain');
  await assert.rejects(caller.pod(), /no cluster here/);
  await caller[Symbol.asyncDispose]();
  await assert.rejects(caller.attemptTls({ host: '10.0.0.1', port: 443 }), /probe-plain in east is closed/);
  assert.deepEqual(opened, ['probe-plain-1']);
});
