import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshFile, MeshFileCluster } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { Mesh, MeshCluster } from '../../mesh/attach.ts';
import { istiodKilled } from './istiod-killed.ts';

interface IstiodPod {
  uid: string;
  ready: boolean;
}

/** A cluster with one istiod Deployment and these pods; an EndpointSlice names `served`. */
function meshWith(pods: readonly IstiodPod[], served: readonly string[] = []): Mesh {
  const items = pods.map(({ uid, ready }) => ({
    metadata: { name: `istiod-${uid}`, uid, namespace: 'istio-system' },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  }));
  const slice = { endpoints: served.map((uid) => ({ addresses: [], targetRef: { name: `istiod-${uid}` } })) };
  const deployment = {
    metadata: { name: 'istiod' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'istiod' } } },
  };
  const api = {
    cluster: 'west',
    apps: {
      readNamespacedDeployment: async () => deployment,
      listNamespacedDeployment: async () => ({ items: [deployment] }),
    },
    core: { listNamespacedPod: async () => ({ items }) },
    objects: { list: async () => ({ items: [slice] }) },
  };
  const file = { rootNamespace: 'istio-system', clusters: [{ name: 'west' }], services: [] };
  const west = new MeshCluster({ name: 'west' } as MeshFileCluster, api as unknown as ClusterApi, 'n');
  return new Mesh(file as unknown as MeshFile, [west]);
}
const parameters = { cluster: 'west' };
const killed = { namespace: 'istio-system', name: 'istiod', pods: [{ name: 'istiod-old', uid: 'old' }] };
const of = (mesh: Mesh) => ({ mesh, id: 'abcdefgh', parameters, undo: { deployments: [killed] } });

test('the pods to kill are noted before the first change', async () => {
  const undo = await istiodKilled.prepare(meshWith([{ uid: 'old', ready: true }]), parameters, 'abcdefgh');
  assert.deepEqual(undo, { deployments: [killed] });
});

test('a cluster without a ready istiod is refused', async () => {
  for (const pods of [[], [{ uid: 'old', ready: false }]])
    await assert.rejects(
      istiodKilled.prepare(meshWith(pods), parameters, 'abcdefgh'),
      /Cluster west: namespace istio-system .* no ready pod of istiod/,
    );
});

test('the effect is proven when the killed pods are gone from the API server and the EndpointSlices', async () => {
  const evidence = await istiodKilled.prove(of(meshWith([{ uid: 'new', ready: false }])));
  assert.match(evidence, /EndpointSlices no longer name istiod-old; its pods are istiod-new/);
});

test('healing waits for a successor that is ready', async () => {
  await istiodKilled.heal(of(meshWith([{ uid: 'new', ready: true }])));
});
