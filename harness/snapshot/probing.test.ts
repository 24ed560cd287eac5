import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshCluster } from '../mesh/attach.ts';
import { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { probeOthers, serverNames, type ProbeTarget } from './probing.ts';
import { sampleSnapshot } from './sample/sample.ts';
import type { ClusterSnapshot, Snapshot } from './schema.ts';

/** The names that a probe of west sends to the gateways of other networks. */
async function asked(change: (west: ClusterSnapshot, snapshot: Snapshot) => void): Promise<ProbeTarget[]> {
  const snapshot = sampleSnapshot();
  const [west] = snapshot.clusters;
  assert.ok(west);
  change(west, snapshot);
  const targets: ProbeTarget[] = [];
  const probes = await probeOthers(
    {
      ...west,
      cluster: { name: 'west' } as MeshCluster,
      declared: snapshot.declared,
      deadlineMs: 1_000,
      prober: (_cluster, _from, target) => {
        targets.push(target);
        return Promise.resolve({ tcp: 'connected', tls: 'completed', pems: [] });
      },
    },
    new CertificateBook(),
    new Gaps(),
  );
  assert.ok(probes.every(({ cluster }) => cluster === 'east'));
  return targets.filter(({ port }) => port === 15443);
}

const copyOf = (
  west: ClusterSnapshot,
  name: string,
  namespace: string,
  host = `${name}.${namespace}`,
): void => {
  for (const { shards = [] } of west.istiods)
    for (const shard of shards.filter(
      ({ host: own, cluster }) => own.startsWith('catalog.') && cluster === 'east',
    ))
      shards.push({ ...shard, host: `${host}.svc.cluster.local`, namespace });
  const service = west.services.find((one) => one.name === 'catalog');
  assert.ok(service);
  west.services.push({ ...service, name, namespace });
};

test('a gateway is asked for several services of different namespaces, those of meshproof first', async () => {
  const targets = await asked((west) => {
    copyOf(west, 'cart', 'shop');
    copyOf(west, 'ledger', 'shop');
  });
  assert.deepEqual(
    targets.map(({ sni }) => sni),
    ['catalog.meshproof', 'cart.shop', 'inventory.meshproof'].map(
      (name) => `outbound_.80_._.${name}.svc.cluster.local`,
    ),
  );
});

test('the names have the domain and the port of the mesh, and services without sidecars are left out', async () => {
  const targets = await asked((west) => {
    for (const { shards = [] } of west.istiods)
      for (const shard of shards) {
        shard.host = shard.host.replace('cluster.local', 'corp.internal');
        if (!shard.host.startsWith('inventory.')) shard.mtls = 0;
      }
    for (const { name, ports } of west.services) if (name === 'inventory') ports[0]!.port = 8080;
  });
  assert.deepEqual(
    targets.map(({ sni }) => sni),
    ['outbound_.8080_._.inventory.meshproof.svc.corp.internal'],
  );
});

test('without endpoints in istiod, a gateway is asked for a declared service', async () => {
  const targets = await asked((west) => void (west.istiods = []));
  assert.deepEqual(
    targets.map(({ sni }) => sni),
    ['outbound_.80_._.catalog.meshproof.svc.cluster.local'],
  );
});

test('the cluster of an address in meshNetworks is the declared cluster of the network', async () => {
  const targets = await asked((west) => {
    for (const { networks = [] } of west.istiods)
      for (const one of networks) if (one.network === 'east-net') one.cluster = '';
  });
  assert.equal(targets[0]?.sni, 'outbound_.80_._.catalog.meshproof.svc.cluster.local');
  assert.equal(new Set(targets.map(({ sni }) => sni)).size, targets.length, 'each name is asked for once');
});

test('a Service that the cluster of the caller does not have is not asked for', () => {
  const [west] = sampleSnapshot().clusters;
  const shards = west?.istiods.flatMap((one) => one.shards ?? []) ?? [];
  assert.deepEqual(serverNames(shards, [], 'east', 'meshproof'), []);
});

test('a gateway is not asked for the hosts of Multi-Cluster Services', () => {
  const [west] = sampleSnapshot().clusters;
  const shards = west?.istiods.flatMap((one) => one.shards ?? []) ?? [];
  const second = shards.map((one) => ({
    ...one,
    host: one.host.replace('cluster.local', 'clusterset.local'),
  }));
  const names = serverNames(shards, west?.services ?? [], 'east', 'meshproof');
  assert.notEqual(names.length, 0);
  assert.deepEqual(serverNames([...second, ...shards], west?.services ?? [], 'east', 'meshproof'), names);
});
