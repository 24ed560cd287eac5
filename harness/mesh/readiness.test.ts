import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mesh, MeshCluster, Pod } from './attach.ts';
import { knownEndpoints } from './known-endpoints.ts';
import { waitUntilReady, whatWasSeen } from './readiness.ts';

test('an observed problem is reported, and a failed read is not an observation', () => {
  const observed = { problem: 'west/webapp-1: catalog: expected 2 pods' };
  const unread = { problem: 'connect ECONNREFUSED 10.0.0.2:6443', unreadable: true as const };
  assert.deepEqual(whatWasSeen([]), []);
  assert.deepEqual(whatWasSeen([unread, observed]), [observed.problem]);
  assert.throws(() => whatWasSeen([unread]), /Not all of the mesh could be read: connect ECONNREFUSED/);
});

test('where no proxy is asked, none knows an endpoint', async () => {
  const west = { name: 'west', namespace: 'meshproof' } as MeshCluster;
  await assert.rejects(knownEndpoints({} as Mesh, west, 'catalog', { proxies: [] }), /west has no proxy/);
});

test('the fewest that a proxy knows count, and of pods those alone', async () => {
  const endpoint = (address: string, healthy = true) => {
    return { cluster: 'outbound|80||orders.meshproof.svc.cluster.local', address, healthy };
  };
  const known: Record<string, unknown[]> = {
    a: [endpoint('10.0.0.1'), endpoint('10.0.0.2'), endpoint('172.18.0.9'), endpoint('10.0.0.3', false)],
    b: [endpoint('10.0.0.1'), endpoint('172.18.0.9'), { ...endpoint('10.0.0.2'), cluster: 'other' }],
  };
  const proxy = ({ name }: Pod) => ({ endpoints: async () => known[name] });
  const west = { name: 'west', namespace: 'meshproof', proxy } as unknown as MeshCluster;
  const proxies = [{ name: 'a' }, { name: 'b' }] as Pod[];
  const pods = ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip })) as Pod[];
  const of = (options: object) => knownEndpoints({} as Mesh, west, 'orders', { proxies, ...options });
  assert.equal(await of({}), 2);
  assert.equal(await of({ pods }), 1);
  assert.equal(await of({ proxies: [proxies[0]], pods }), 2);
});

test('a mesh whose problems stay the same is given up before its time is over', async () => {
  let looks = 0;
  const pods = async () => (looks++ < 2 ? [] : [{ name: 'orders-1', ready: false }]);
  const west = { name: 'west', pods } as unknown as MeshCluster;
  const file = { services: [{ name: 'orders', pods: { west: 1 } }] };
  const mesh = { file, clusters: [west] } as unknown as Mesh;
  const began = performance.now();
  await assert.rejects(
    waitUntilReady(mesh, { timeoutMs: 60_000, unchangedMs: 200 }),
    /was not ready within 1 s:\n {2}- west: orders should have 1 ready pods, has orders-1 not ready/,
  );
  assert.ok(looks >= 4, 'a changed problem starts the time again');
  assert.ok(performance.now() - began < 30_000);
});
