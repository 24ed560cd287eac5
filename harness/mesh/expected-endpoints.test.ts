import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meshFileSchema } from '../config/mesh-file.ts';
import { expectedEndpoints, missingEndpoints } from './expected-endpoints.ts';
import type { Endpoint } from './proxy.ts';

const file = meshFileSchema.parse({
  apiVersion: 'meshproof.dev/v1',
  kind: 'Mesh',
  meshId: 'm',
  clusters: ['west', 'east'].map((name, index) => ({
    name,
    context: name,
    network: `${name}-net`,
    region: name,
    zone: name,
    eastWestGateway: { address: `172.20.${index}.2` },
  })),
  services: [
    { name: 'catalog', pods: { west: 2, east: 2 } },
    { name: 'inventory', pods: { east: 1 } },
  ],
});
const endpoint = (
  address: string,
  port: number,
  weight: number,
  other: Partial<Endpoint> = {},
): Endpoint => ({
  cluster: 'c',
  address,
  port,
  region: '',
  zone: '',
  subzone: '',
  priority: 0,
  weight,
  healthy: true,
  ejected: false,
  ...other,
});
const pods = [endpoint('10.0.0.1', 8080, 1), endpoint('10.0.0.2', 8080, 1)];
const gateway = endpoint('172.20.1.2', 15443, 2);
const catalog = expectedEndpoints(file, 'west', 'catalog');

test('own pods are expected directly, those of another network behind its gateway', () => {
  const behind = { cluster: 'east', address: '172.20.1.2', port: 15443 };
  assert.deepEqual(catalog, { direct: 2, gateways: [{ ...behind, pods: 2 }] });
  assert.deepEqual(expectedEndpoints(file, 'west', 'inventory'), {
    direct: 0,
    gateways: [{ ...behind, pods: 1 }],
  });
  assert.deepEqual(expectedEndpoints(file, 'east', 'inventory'), { direct: 1, gateways: [] });
});

test('clusters of one network reach each other directly', () => {
  const flat = { ...file, clusters: file.clusters.map((one) => ({ ...one, network: 'one' })) };
  assert.deepEqual(expectedEndpoints(flat, 'west', 'catalog'), { direct: 4, gateways: [] });
});

test('what is as it should be has no problem, also with all weights doubled', () => {
  assert.equal(missingEndpoints(catalog, [...pods, gateway]), undefined);
  const doubled = [...pods, gateway].map((one) => ({ ...one, weight: one.weight * 2 }));
  assert.equal(missingEndpoints(catalog, doubled), undefined);
  const split = [
    { ...gateway, weight: 1, priority: 1 },
    { ...gateway, weight: 1 },
  ];
  assert.equal(missingEndpoints(catalog, [...pods, ...split]), undefined);
});

for (const [name, seen] of [
  ['a pod is missing', [pods[0]!, gateway]],
  ['the gateway is missing', pods],
  ['a pod of the other network is there instead of the gateway', [...pods, endpoint('10.0.0.9', 8080, 1)]],
  ['a pod too many', [...pods, endpoint('10.0.0.3', 8080, 1), gateway]],
  ['the gateway stands for too few pods', [...pods, { ...gateway, weight: 1 }]],
  ['a pod is ejected', [pods[0]!, { ...pods[1]!, healthy: false, ejected: true }, gateway]],
  ['nothing', []],
] as const) {
  test(`a problem is reported: ${name}`, () => {
    const problem = missingEndpoints(catalog, seen);
    assert.match(
      problem ?? '',
      /^expected 2 pods \+ 172\.20\.1\.2:15443 weighing 2 \(east\); its proxy has /,
    );
  });
}

test('pods behind a network without a gateway cannot be expected', () => {
  const { eastWestGateway: _without, ...east } = file.clusters[1]!;
  const broken = { ...file, clusters: [file.clusters[0]!, east] };
  assert.throws(() => expectedEndpoints(broken, 'west', 'inventory'), /no eastWestGateway for east/);
});

test('gateways with host names on one port are compared together', () => {
  const named = {
    direct: 0,
    gateways: ['east', 'north'].map((cluster) => ({
      cluster,
      address: `${cluster}.example`,
      port: 15443,
      pods: 2,
    })),
  };
  const [east, north] = [endpoint('172.20.1.2', 15443, 2), endpoint('172.20.2.2', 15443, 2)];
  assert.equal(missingEndpoints(named, [east, north]), undefined);
  assert.match(missingEndpoints(named, [east]) ?? '', /north\.example:15443 weighing 2/);
  const addressed = {
    direct: 0,
    gateways: [named.gateways[0]!, { ...named.gateways[1]!, address: '172.20.2.2' }],
  };
  assert.equal(missingEndpoints(addressed, [east, north]), undefined);
  assert.notEqual(missingEndpoints(addressed, [east, { ...north, weight: 1 }]), undefined);
});
