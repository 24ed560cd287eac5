import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Secret } from '@kubernetes/client-node';
import { Mesh, MeshCluster } from '../mesh/attach.ts';
import type { ClusterApi } from '../mesh/cluster-api.ts';
import type { MeshFile, MeshFileCluster } from '../mesh/mesh-file.ts';
import { regionAnnotation } from './clusters/region-labels-lost.ts';
import { healMarks } from './heal-marks.ts';
import { keptLabel, keptName } from './kept-secret.ts';

test('what somebody has changed since is told, and all the rest is healed', async () => {
  const none = async () => ({ items: [] });
  const secrets: V1Secret[] = [
    { metadata: { name: 's' }, data: { east: 'theirs' } },
    { metadata: { name: keptName('s'), labels: { [keptLabel]: 's' } }, data: { east: 'before' } },
  ];
  const patched: unknown[] = [];
  const core = {
    ...{ listNamespacedConfigMap: none, listNamespace: none, listNamespacedPod: none },
    listNamespacedSecret: async ({ labelSelector = '', fieldSelector = '' }) => {
      const [label = '', value] = labelSelector.split('=');
      const [, name] = fieldSelector.split('=');
      const isMeant = ({ metadata }: V1Secret) =>
        (label === '' || (metadata?.labels?.[label] !== undefined && metadata.labels[label] === value)) &&
        (name === undefined || metadata?.name === name);
      return { items: secrets.filter(isMeant) };
    },
    listNode: async () => ({
      items: [{ metadata: { name: 'a', annotations: { [regionAnnotation]: 'r1' } } }],
    }),
  };
  const objects = { list: none, patch: async (one: object) => void patched.push(one) };
  const api = { cluster: 'west', core, objects, apps: { listNamespacedDeployment: none } };
  const west = new MeshCluster({ name: 'west' } as MeshFileCluster, api as unknown as ClusterApi, 'w');
  const mesh = new Mesh({ rootNamespace: 'istio-system' } as MeshFile, [west]);
  await assert.rejects(healMarks(mesh, west), /^ChangedSince: Secret istio-system\/s of west is neither/);
  assert.match(JSON.stringify(patched), /region":"r1"/);
});
