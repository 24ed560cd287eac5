import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import type { MeshFile, MeshFileCluster } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { bounds } from '../bounds.ts';
import { podFault } from './pod-faults.ts';

/** A cluster with a Deployment of one ready pod, or of none. */
function meshWith(pods: number): Mesh {
  const pod = {
    metadata: { name: 'd-1', uid: 'u1', namespace: 'n' },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  const api = {
    cluster: 'west',
    apps: {
      readNamespacedDeployment: async () => ({
        spec: { replicas: pods, selector: { matchLabels: { app: 'd' } } },
      }),
    },
    core: { listNamespacedPod: async () => ({ items: pods === 0 ? [] : [pod] }) },
    objects: { list: async () => ({ items: [] }) },
  };
  const file = { clusters: [{ name: 'west' }], services: [] } as unknown as MeshFile;
  const west = new MeshCluster({ name: 'west' } as MeshFileCluster, api as unknown as ClusterApi, 'n');
  return new Mesh(file, [west]);
}

/** What users see is as given. */
const faultSeen = (seen: { served: Promise<void>; lost: Promise<string> }) =>
  podFault({
    ...{ id: 'ended', title: 'Ended', disturbs: 'gateway', bounds: bounds.gateway, how: 'scaled-to-zero' },
    parameters: z.object({ cluster: z.string() }),
    deployment: () => ({ namespace: 'n', name: 'd' }),
    users: {
      requireServed: () => seen.served,
      proveLost: () => seen.lost,
      proveServed: async () => '',
    },
  });

const refused = (words: string) => {
  const promise = Promise.reject(new Error(words));
  promise.catch(() => undefined);
  return promise;
};
const parameters = { cluster: 'west' };
const undo = { namespace: 'n', name: 'd', replicas: 1, pods: [{ name: 'd-1', uid: 'u1' }] };

test('an empty list of pods is not a proof while users still get answers', async () => {
  const of = { mesh: meshWith(0), id: 'abcdefgh', parameters, undo };
  const served = Promise.resolve();
  const proof = faultSeen({ served, lost: refused('connected') }).prove(of);
  await assert.rejects(proof, /connected/);
  const evidence = await faultSeen({ served, lost: Promise.resolve('; no connection any more') }).prove(of);
  assert.match(evidence, /EndpointSlices no longer name d-1; .*; no connection any more$/);
});

test('users without answers before the fault prove nothing', async () => {
  const lost = Promise.resolve('');
  const fault = faultSeen({ served: refused('closed before'), lost });
  await assert.rejects(fault.prepare(meshWith(1), parameters, 'abcdefgh'), /closed before/);
  const open = faultSeen({ served: Promise.resolve(), lost });
  assert.deepEqual(await open.prepare(meshWith(1), parameters, 'abcdefgh'), undo);
});
