import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mesh, MeshCluster } from './attach.ts';
import { knownEndpoints } from './known-endpoints.ts';
import { whatWasSeen } from './readiness.ts';

test('what was seen to be amiss is told, and what could not be read is no sight of it', () => {
  const amiss = { problem: 'west/webapp-1: catalog: expected 2 pods' };
  const unread = { problem: 'connect ECONNREFUSED 10.0.0.2:6443', unreadable: true as const };
  assert.deepEqual(whatWasSeen([]), []);
  assert.deepEqual(whatWasSeen([unread, amiss]), [amiss.problem]);
  assert.throws(() => whatWasSeen([unread]), /Not all of the mesh could be read: connect ECONNREFUSED/);
});

test('where no proxy is asked, none knows an endpoint', async () => {
  const west = { name: 'west', namespace: 'meshproof' } as MeshCluster;
  await assert.rejects(knownEndpoints({} as Mesh, west, 'catalog', []), /west has no proxy/);
});
