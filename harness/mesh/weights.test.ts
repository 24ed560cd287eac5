import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshFile } from '../config/mesh-file.ts';
import { crossings, placements, remoteOnly, shared } from '../config/placement.ts';
import { endpointWeights, localityWeights, scaleOf, wayTowards } from './weights.ts';

const locality = (region: string, priority: number, weight: number, weights: number[]) => ({
  ...{ region, zone: '', subzone: '', priority, weight },
  endpoints: weights.map((one, index) => ({
    ...{ address: `10.0.0.${index}`, port: 80, weight: one, health: 'HEALTHY' },
  })),
});

test('weights are summed by region, of the first priority only', () => {
  const sent = [
    locality('east', 0, 20, [3]),
    locality('west', 0, 50, [1, 1]),
    locality('west', 0, 30, [1]),
    locality('south', 1, 9, [9]),
  ];
  assert.deepEqual(endpointWeights(sent), { east: 3, west: 3 });
  assert.deepEqual(localityWeights(sent), { east: 20, west: 80 });
});

test('the way to a gateway has its weight and the localities that it was found in', () => {
  const sent = [locality('', 0, 1, [1]), locality('east', 0, 2, [2]), locality('west', 0, 2, [5, 5])];
  const gateway = { address: '10.0.0.0', port: 80 };
  assert.deepEqual(wayTowards(sent.slice(0, 2), { gateway }), { weight: 3, localities: ['', 'east'] });
  assert.deepEqual(wayTowards(sent, { podAddresses: ['10.0.0.1'] }), { weight: 5, localities: ['west'] });
  assert.deepEqual(wayTowards([], { gateway }), { weight: 0, localities: [] });
});

const file = {
  clusters: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
  services: [
    { name: 'everywhere', pods: { a: 1, b: 1, c: 1 } },
    { name: 'in-b', pods: { a: 0, b: 2 } },
    { name: 'in-b-and-c', pods: { b: 1, c: 1 } },
    { name: 'nowhere', pods: { a: 0 } },
  ],
} as unknown as MeshFile;

test('placements tell which services a cluster lacks and which it shares', () => {
  assert.deepEqual(placements(file)[1], { service: 'in-b', pods: { b: 2 } });
  assert.deepEqual(
    remoteOnly(file, 'a').map(({ service }) => service),
    ['in-b', 'in-b-and-c'],
  );
  assert.deepEqual(
    shared(file).map(({ service }) => service),
    ['everywhere', 'in-b-and-c'],
  );
});

test('a crossing goes to one other cluster only', () => {
  assert.deepEqual(crossings(file, 'a'), [{ cluster: 'b', service: 'in-b' }]);
  assert.deepEqual(crossings(file, 'b'), []);
});

test('the factor of all weights is the weight of a pod that is known, and 1 where none is', () => {
  const sent = new Map([
    ['orders', [locality('east', 0, 4, [2])]],
    ['webapp', [locality('west', 0, 4, [7, 4])]],
  ]);
  assert.equal(scaleOf(sent, [{ ip: '10.0.0.1' }]), 4);
  assert.equal(scaleOf(sent, [{ ip: '10.0.0.9' }]), 1);
});
