import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1Deployment, V1Node } from '@kubernetes/client-node';
import { parseMeshFile } from '../config/load.ts';
import { ingressHost, ingressProblem, keepsToZone, workloadsOf } from './deploy.ts';

const mesh = (ingress = '') =>
  parseMeshFile(
    `
apiVersion: meshproof.dev/v1
kind: Mesh
meshId: mesh1
namespace: team
clusters:
  - { name: west, context: w, network: n1, region: r1, zone: z1${ingress && `, ingress: "${ingress}"`} }
  - { name: east, context: e, network: n2, region: r2, zone: z2 }
services:
  - { name: webapp, pods: { west: 1 } }
  - { name: probe, pods: { west: 1, east: 1 } }
`,
    '/mesh.yaml',
  );
const objectsOf = (
  cluster: 0 | 1,
  options: Partial<Parameters<typeof workloadsOf>[2]> = {},
  ingress = '',
) => {
  const file = mesh(ingress);
  return workloadsOf(file, file.clusters[cluster]!, { image: 'proxy:1', ...options });
};
const labelsOf = (objects: ReturnType<typeof objectsOf>) => objects[0]?.metadata?.labels;

test('the workloads are those of the mesh file, in its namespace, each cluster with its own', () => {
  const names = (cluster: 0 | 1) =>
    objectsOf(cluster).flatMap(({ kind, metadata }) => (kind === 'Deployment' ? [metadata?.name] : []));
  assert.deepEqual(names(0), ['webapp', 'probe', 'probe-plain']);
  assert.deepEqual(names(1), ['probe', 'probe-plain']);
  assert.equal(objectsOf(0)[0]?.metadata?.name, 'team');
});

test('sidecars are asked for by the default label, or by a revision', () => {
  assert.equal(labelsOf(objectsOf(0))?.['istio-injection'], 'enabled');
  const labels = labelsOf(objectsOf(0, { revision: '1-31' }));
  assert.equal(labels?.['istio.io/rev'], '1-31');
  assert.equal(labels?.['istio-injection'], undefined);
});

test('another revision replaces the pods, as their sidecars are its own', () => {
  const annotations = (revision?: string) =>
    objectsOf(0, revision === undefined ? {} : { revision })
      .filter((object): object is V1Deployment => object.kind === 'Deployment')
      .map(({ spec }) => spec?.template.metadata?.annotations?.['meshproof.dev/injection']);
  assert.deepEqual(annotations(), [undefined, undefined, undefined]);
  assert.notDeepEqual(annotations('1-31'), annotations('1-30'));
});

test('an ingress gateway is left alone unless it is asked for, and led only where the mesh file has one', () => {
  const gateways = (cluster: 0 | 1, ingress: boolean) =>
    objectsOf(cluster, { ingress }, 'http://shop.example.com/').filter(({ kind }) => kind === 'Gateway');
  assert.equal(gateways(0, false).length, 0);
  assert.equal(gateways(0, true).length, 1);
  assert.equal(gateways(1, true).length, 0);
});

test('it is led for one host where the mesh file names one, for every host where it has an address', () => {
  assert.equal(ingressHost('http://shop.example.com:8080/shop/'), 'shop.example.com');
  for (const url of ['http://198.51.100.10/', 'http://[2001:db8::1]/', 'http://gateway/'])
    assert.equal(ingressHost(url), '*', url);
  const hosts = objectsOf(0, { ingress: true }, 'http://shop.example.com/').flatMap((object) =>
    object.kind === 'VirtualService' ? (object as { spec?: { hosts?: string[] } }).spec?.hosts : [],
  );
  assert.deepEqual(hosts, ['shop.example.com']);
});

test('an ingress that cannot be set up is refused in words', () => {
  assert.match(ingressProblem(mesh()) ?? '', /no cluster of the mesh file has an `ingress`/);
  assert.match(ingressProblem(mesh('https://shop.example.com/')) ?? '', /of cluster west is not plain HTTP/);
  assert.equal(ingressProblem(mesh('http://198.51.100.10/')), undefined);
});

test('where nodes are in several zones pods keep to the one of the mesh file, and elsewhere they go anywhere', () => {
  const nodes = (...zones: (string | undefined)[]): V1Node[] =>
    zones.map((zone) => ({ metadata: { labels: zone ? { 'topology.kubernetes.io/zone': zone } : {} } }));
  const [west] = mesh().clusters;
  const keeps = (...zones: (string | undefined)[]) => keepsToZone(west!, nodes(...zones));
  assert.deepEqual(
    [keeps(), keeps('z9', 'z9'), keeps(undefined), keeps('z1', 'z2')],
    [false, false, false, true],
  );
  assert.throws(() => keeps('z3', undefined), /cluster west .*\(none, z3\), and none in z1/);

  const selectors = (inZone?: boolean) =>
    objectsOf(0, inZone === undefined ? {} : { inZone })
      .filter((object): object is V1Deployment => object.kind === 'Deployment')
      .map(({ spec }) => spec?.template.spec?.nodeSelector);
  assert.deepEqual(selectors(true), Array(3).fill({ 'topology.kubernetes.io/zone': 'z1' }));
  assert.deepEqual(selectors(), Array(3).fill(undefined));
});
