import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '../../snapshot/schema.ts';
import {
  assertFirst,
  broken,
  itemOf,
  resource,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';
import { assertNothingNew } from '../missing-parts.ts';
import { addOtherMesh } from '../other-mesh-sample.ts';
import { ownMesh } from './other-meshes.ts';

const texts = (snapshot: Snapshot) =>
  judge(snapshot).causes.map(({ finding }) => `${finding.severity} ${finding.code} ${finding.cause}`);

const silent = (change: (sample: BrokenSample) => void): void => {
  const snapshot = broken(change);
  assert.deepEqual(texts(snapshot), []);
  assertNothingNew(snapshot, ['installs', 'istiods']);
};

const undeclare = ({ snapshot }: BrokenSample): void => {
  snapshot.declared.undeclared = ['meshId', 'trustDomain', 'rootNamespace'];
  for (const one of snapshot.declared.clusters) one.undeclared = ['name', 'role', 'network'];
};

const istiodPod = ({ pods }: SampleCluster) => itemOf(pods, ({ labels }) => labels['app'] === 'istiod');

test('healthy: a cluster also has the control plane of another mesh, with its pods, gateway and remote secrets', () => {
  silent(({ west }) => addOtherMesh(west));
});

test('healthy: the other mesh spans both clusters', () => {
  silent(({ west, east }) => {
    addOtherMesh(west);
    addOtherMesh(east, { clusterName: 'dev-east' });
  });
});

test('healthy: without a mesh file, the control plane that other clusters read is judged', () => {
  silent((sample) => {
    addOtherMesh(sample.west);
    undeclare(sample);
  });
});

test('healthy: the other mesh has the default revision, and this mesh has a revision and a namespace of its own', () => {
  silent((sample) => {
    for (const cluster of [sample.west, sample.east]) {
      itemOf(cluster.installs).revision = 'prod';
      itemOf(cluster.istiods).revision = 'prod';
      for (const { annotations } of cluster.pods)
        if (annotations['istio.io/rev']) annotations['istio.io/rev'] = 'prod';
      for (const hook of cluster.webhooks) hook.revision = 'prod';
      istiodPod(cluster).labels['istio.io/rev'] = 'prod';
    }
    addOtherMesh(sample.west, { revision: 'default' });
  });
});

test('healthy: a canary revision of this mesh is not another mesh', () => {
  const snapshot = broken(({ west }) => {
    const canary = structuredClone(itemOf(west.installs));
    Object.assign(canary, { revision: 'canary' });
    west.installs.push(canary);
    west.istiods.push({ ...structuredClone(itemOf(west.istiods)), pod: 'canary-1', revision: 'canary' });
    west.pods.push({
      ...structuredClone(istiodPod(west)),
      ...{ name: 'canary-1', labels: { app: 'istiod', 'istio.io/rev': 'canary' } },
    });
  });
  assert.deepEqual(texts(snapshot), []);
  assert.equal(ownMesh(snapshot).others.size, 0);
});

test('healthy: rules of another revision are not read by the istiods of this mesh', () => {
  silent(({ west, east }) => {
    const strict = { mtls: { mode: 'DISABLE' } };
    for (const cluster of [west, east]) {
      const rule = resource('PeerAuthentication', 'old', strict);
      cluster.resources.push({ ...rule, labels: { 'istio.io/rev': 'old' } });
    }
  });
});

test('broken: beside another mesh, a defect of this mesh is named', () => {
  assertFirst(
    ({ west }) => {
      addOtherMesh(west);
      itemOf(west.istiods, ({ revision }) => revision === 'default').clusters.splice(1);
    },
    { code: 'MP2202', severity: 'error', cluster: 'west', peer: 'east' },
  );
});

test('broken: the istiod of this mesh is down, and the istiod of another mesh does not hide it', () => {
  assertFirst(
    ({ west }) => {
      istiodPod(west).ready = false;
      west.istiods = [];
      addOtherMeshWithoutIstiods(west);
    },
    { code: 'MP2206', severity: 'error', cluster: 'west' },
  );
});

function addOtherMeshWithoutIstiods(west: SampleCluster): void {
  const own = broken(() => undefined).clusters[0] as SampleCluster;
  west.istiods = own.istiods;
  addOtherMesh(west);
  west.istiods = west.istiods.filter(({ namespace }) => namespace === 'istio-dev');
  itemOf(west.pods, ({ namespace }) => namespace === 'istio-dev').ready = true;
}

test('proxies choose the control plane if nothing else does', () => {
  const snapshot = broken((sample) => {
    addOtherMesh(sample.west, { clusterName: 'west' });
    undeclare(sample);
  });
  const [west] = ownMesh(snapshot).snapshot.clusters;
  assert.deepEqual(
    west?.installs.map(({ namespace }) => namespace),
    ['istio-system'],
  );
});

test('a pod of another mesh in a namespace of this mesh is not judged', () => {
  silent(({ west }) => {
    addOtherMesh(west);
    const pod = itemOf(west.pods, ({ name }) => name === 'ledger-1');
    west.pods.push({ ...structuredClone(pod), name: 'ledger-2', namespace: 'meshproof', ip: '10.244.8.3' });
  });
});

test('healthy: pods use the istiod of another mesh in another cluster', () => {
  silent(({ west }) => {
    addOtherMesh(west);
    west.installs.shift();
    west.istiods.shift();
    west.webhooks.shift();
    west.namespaces = west.namespaces.filter(({ name }) => name !== 'istio-dev');
    for (const part of ['pods', 'services'] as const)
      west[part].splice(
        0,
        Infinity,
        ...(west[part].filter(({ namespace }) => namespace !== 'istio-dev') as never[]),
      );
    west.remoteSecrets = west.remoteSecrets.filter(({ namespace }) => namespace !== 'istio-dev');
    const { proxy } = itemOf(west.pods, ({ name }) => name === 'ledger-1');
    Object.assign(proxy ?? {}, {
      discoveryAddress: 'istiod.far.example:15012',
      caAddress: 'istiod.far.example:15012',
    });
    itemOf(west.namespaces, ({ name }) => name === 'dev-shop').labels = {};
  });
});

test('healthy: beside another mesh, all debug pages are refused', () => {
  const snapshot = broken(({ west, east }) => {
    addOtherMesh(west);
    for (const cluster of [west, east])
      for (const istiod of cluster.istiods as Partial<SampleCluster['istiods'][number]>[]) {
        for (const page of ['clusters', 'networks', 'shards', 'held', 'connected', 'settings'] as const)
          delete istiod[page];
        const of = `${istiod.namespace}/${istiod.pod}`;
        cluster.missing.push({ what: 'istiods', of, reason: 'forbidden', why: 'GET /debug/clusterz: 401' });
      }
  });
  const { causes, unknown } = judge(snapshot);
  assert.deepEqual(causes, []);
  assert.ok(unknown.some(({ checks }) => checks.includes('MP2202')));
});

test('healthy: beside another mesh, half of the kinds may be read', () => {
  const parts = ['webhooks', 'namespaces', 'remoteSecrets', 'workloads', 'nodes', 'roots'] as const;
  for (const half of [parts.slice(0, 3), parts.slice(3)]) {
    const snapshot = broken(({ west }) => {
      addOtherMesh(west);
      for (const what of half) {
        west[what] = [];
        west.missing.push({ what, reason: 'forbidden', why: `list ${what}: 403` });
      }
    });
    assert.deepEqual(texts(snapshot), [], half.join());
  }
});
