import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshFile, MeshFileCluster } from '../../config/mesh-file.ts';
import type { ClusterApi } from '../../kube/cluster-api.ts';
import { Mesh, MeshCluster, type Pod } from '../../mesh/attach.ts';
import { IstiodDebug } from '../../mesh/istiod.ts';
import { ProxyAdmin } from '../../mesh/proxy-admin.ts';
import { proveForgotten, proveNotSynced, proveSynced } from './remote-secrets.ts';

const [synced, other, forgotten] = [
  { status: 'synced', held: 2 },
  { status: 'timeout', held: 0 },
  { status: undefined, held: 0 },
];

for (const [prove, isSo, isNot, evidence] of [
  [
    proveSynced,
    synced,
    [other, forgotten, { status: 'synced', held: 1 }],
    /synced and holds its 2 endpoints/,
  ],
  [proveForgotten, forgotten, [synced, other, { status: undefined, held: 2 }], /lists no cluster east/],
  [proveNotSynced, other, [synced, forgotten], /calls east timeout/],
] as const)
  test(`${prove.name} asks every istiod that is ready`, async (t) => {
    let told = [isSo, isSo];
    const toldTo = ({ pod }: IstiodDebug) => told[Number(pod.name)];
    t.mock.method(IstiodDebug.prototype, 'clusters', async function (this: IstiodDebug) {
      const syncStatus = toldTo(this)?.status;
      return syncStatus === undefined ? [] : [{ id: 'east', syncStatus }];
    });
    t.mock.method(IstiodDebug.prototype, 'endpointShards', async function (this: IstiodDebug) {
      const held = Array.from({ length: toldTo(this)?.held ?? 0 }, () => ({ ServicePortName: 'http' }));
      return { 'catalog.w.svc.cluster.local': { w: { Shards: { 'Kubernetes/east': held } } } };
    });
    t.mock.method(ProxyAdmin.prototype, 'eds', async () => new Map());
    t.mock.method(
      MeshCluster.prototype,
      'findPods',
      async ({ labels }: { labels: Record<string, string> }) => {
        const pods = labels['app'] === 'istiod' ? ['0', '1', 'starting'] : ['client'];
        return pods.map((name) => ({ name, uid: name, ready: name !== 'starting', sidecar: true }) as Pod);
      },
    );
    const cluster = (name: string) =>
      new MeshCluster({ name, network: 'n' } as MeshFileCluster, { cluster: name } as ClusterApi, 'w');
    const west = cluster('west');
    const services = [{ name: 'catalog', pods: { east: 2 } }];
    const mesh = new Mesh({ rootNamespace: 'istio-system', services } as unknown as MeshFile, [
      ...[west, cluster('east')],
    ]);
    const proof = await prove(mesh, west, 'east', 0);
    assert.match(proof, /^each of the 2 istiods of west /);
    assert.match(proof, evidence);
    for (const one of isNot) {
      told = [isSo, one];
      await assert.rejects(prove(mesh, west, 'east', 0), /for every istiod of west/);
    }
  });
