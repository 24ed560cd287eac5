import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clustersWithChoice, clustersWithFailover, isLocalFirst } from './local-first.ts';
import type { Endpoint } from './proxy.ts';

const endpoint = (region: string, priority: number): Endpoint => ({
  cluster: 'outbound|80||catalog.meshproof.svc.cluster.local',
  address: '10.0.0.1',
  port: 8080,
  region,
  zone: '',
  subzone: '',
  priority,
  weight: 1,
  healthy: true,
  ejected: false,
});

test('own endpoints first, all others behind', () => {
  assert.ok(isLocalFirst([endpoint('here', 0), endpoint('there', 1), endpoint('far', 2)], 'here'));
  assert.ok(!isLocalFirst([endpoint('here', 0), endpoint('there', 0)], 'here'));
  assert.ok(!isLocalFirst([endpoint('here', 1), endpoint('there', 0)], 'here'));
});

test('the zones of a region may come one after the other, before all others', () => {
  assert.ok(isLocalFirst([endpoint('here', 0), endpoint('here', 1), endpoint('far', 2)], 'here'));
  assert.ok(!isLocalFirst([endpoint('here', 0), endpoint('here', 1), endpoint('far', 1)], 'here'));
  assert.ok(isLocalFirst([endpoint('here', 0)], 'here'));
});

test('a proxy without local endpoints does not prefer any', () => {
  assert.ok(isLocalFirst([endpoint('there', 0)], 'here'));
  assert.ok(isLocalFirst([], 'here'));
});

test('who can fail over has pods at home, in another region, and in no other cluster of its own', () => {
  const cluster = (name: string, region: string) => ({ name, region });
  const file = {
    clusters: [cluster('a', 'one'), cluster('b', 'one'), cluster('c', 'two'), cluster('d', 'three')],
    services: [
      { name: 'catalog', pods: { a: 1, b: 1, c: 2, d: 0 } },
      { name: 'near', pods: { a: 1, b: 1 } },
    ],
  } as unknown as Parameters<typeof clustersWithFailover>[0];
  assert.deepEqual(clustersWithChoice(file, 'catalog'), ['a', 'b', 'c']);
  assert.deepEqual(clustersWithChoice(file, 'near'), []);
  assert.deepEqual(clustersWithFailover(file, 'catalog'), ['c']);
  assert.deepEqual(clustersWithFailover(file, 'near'), []);
  assert.deepEqual(clustersWithFailover(file, 'unknown'), []);
});
