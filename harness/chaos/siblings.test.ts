import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import type { MeshFile, MeshFileCluster } from '../config/mesh-file.ts';
import type { ClusterApi } from '../kube/cluster-api.ts';
import { Mesh, MeshCluster } from '../mesh/attach.ts';
import { istiodDown } from './control-plane/istiod-down.ts';
import { istiodKilled } from './control-plane/istiod-killed.ts';
import { killPods } from './scale.ts';
import { podsFailing } from './workloads/unhealthy-fault.ts';

temporaryFolder('MESHPROOF_STATE');

/** A cluster that refuses what it is asked of the object `first` at once, and of any other after a while. */
function refusing() {
  const did: string[] = [];
  const refuse = async ({ name }: { name: string }): Promise<never> => {
    if (name !== 'first') await delay(20);
    did.push(`${name} refused`);
    throw new Error(`${name} refused`);
  };
  const patch = ({ metadata }: { metadata: { name: string } }) => refuse(metadata);
  const api = {
    cluster: 'west',
    ...{
      apps: { readNamespacedDeployment: refuse },
      core: {
        readNamespace: () => Promise.resolve({ metadata: { uid: 'west' } }),
        deleteNamespacedPod: refuse,
      },
      objects: { patch },
    },
  } as unknown as ClusterApi;
  const west = new MeshCluster({ name: 'west' } as MeshFileCluster, api, 'meshproof');
  return { did, west, mesh: new Mesh({ clusters: [] } as unknown as MeshFile, [west]) };
}
const named = ['first', 'second'].map((name) => ({ namespace: 'n', name }));
const both = ['first refused', 'second refused'];

test('pods that become unhealthy side by side: the failure of one waits for the others', async () => {
  const { did, mesh } = refusing();
  const parameters = podsFailing.parameters.parse({ cluster: 'west', service: 'catalog' });
  const of = { mesh, id: 'abcdefgh', parameters, undo: { pods: named } };
  await assert.rejects(podsFailing.inject(of), /first|west/);
  assert.deepEqual([...new Set(did)], both);
});

test('istiods that are ended side by side: the failure of one waits for the others', async () => {
  const { did, mesh } = refusing();
  const deployments = named.map((one) => ({ ...one, replicas: 1 }));
  const of = { mesh, id: 'abcdefgh', parameters: { cluster: 'west' }, undo: { deployments } };
  await assert.rejects(istiodDown.inject(of), /first/);
  assert.deepEqual(did, both);
});

test('istiods that are killed side by side: the failure of one waits for the others', async () => {
  const { did, mesh } = refusing();
  const deployments = named.map((one) => ({ ...one, pods: [{ name: one.name, uid: one.name }] }));
  const of = { mesh, id: 'abcdefgh', parameters: { cluster: 'west' }, undo: { deployments } };
  await assert.rejects(istiodKilled.inject(of), /did not delete pod n\/first/);
  assert.deepEqual(did, both);
});

test('pods that are killed side by side: the failure of one waits for the others', async () => {
  const { did, west } = refusing();
  await assert.rejects(killPods(west, named), /did not delete pod n\/first/);
  assert.deepEqual(did, both);
});
