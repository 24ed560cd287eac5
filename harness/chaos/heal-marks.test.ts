import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1Secret } from '@kubernetes/client-node';
import { Mesh, MeshCluster } from '../mesh/attach.ts';
import type { ClusterApi } from '../mesh/cluster-api.ts';
import type { MeshFile, MeshFileCluster } from '../mesh/mesh-file.ts';
import { regionAnnotation } from './clusters/region-labels-lost.ts';
import { healMarks, namespacesOf } from './heal-marks.ts';
import { keptLabel, keptName } from './kept-secret.ts';
import { beforeAnnotation, setAnnotation } from './scale.ts';

const none = async () => ({ items: [] });

test('what somebody has changed since is told, and all the rest is healed', async () => {
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

/** A cluster whose east-west gateway is in a namespace, and has no pod since a fault whose journal was lost. */
function gatewayLeft(namespace: string) {
  const gateway: V1Deployment = {
    metadata: {
      ...{ name: 'gw', namespace, generation: 1 },
      annotations: { [beforeAnnotation]: '2', [setAnnotation]: '0' },
    },
    spec: { replicas: 0, selector: {}, template: {} },
  };
  const asked = () => gateway.spec?.replicas ?? 0;
  const apps = {
    listNamespacedDeployment: async (of: { namespace: string }) => ({
      items: of.namespace === namespace ? [gateway] : [],
    }),
    readNamespacedDeployment: async () => {
      const is = { updatedReplicas: asked(), availableReplicas: asked(), replicas: asked() };
      return { ...gateway, status: { ...is, observedGeneration: 1 } };
    },
    readNamespacedDeploymentScale: async () => ({ spec: { replicas: asked() } }),
    replaceNamespacedDeploymentScale: async ({ body }: { body: { spec: { replicas: number } } }) =>
      void Object.assign(gateway.spec ?? {}, body.spec),
  };
  const core = {
    ...{ listNamespacedConfigMap: none, listNamespace: none, listNamespacedPod: none },
    ...{ listNamespacedSecret: none, listNode: none },
  };
  const api = { cluster: 'west', apps, core, objects: { list: none, patch: none } };
  const eastWestGateway = { address: '192.0.2.1', port: 15443, namespace, deployment: 'gw' };
  const file = { name: 'west', eastWestGateway } as MeshFileCluster;
  const west = new MeshCluster(file, api as unknown as ClusterApi, 'w');
  return { asked, west, mesh: new Mesh({ rootNamespace: 'istio-system' } as MeshFile, [west]) };
}

test('a gateway in a namespace of its own gets its pods back without the journal', async () => {
  const { asked, west, mesh } = gatewayLeft('gateways');
  assert.deepEqual(await healMarks(mesh, west), ['west: gave gateways/gw its 2 pods back']);
  assert.equal(asked(), 2);
});

test('each namespace in which faults act is looked through once', () => {
  const namespaces = (gateway: string) => {
    const { mesh, west } = gatewayLeft(gateway);
    return namespacesOf(mesh, west);
  };
  assert.deepEqual(namespaces('gateways'), ['w', 'istio-system', 'gateways']);
  assert.deepEqual(namespaces('istio-system'), ['w', 'istio-system']);
});
