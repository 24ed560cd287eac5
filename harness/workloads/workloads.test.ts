import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { V1ConfigMap, V1Deployment, V1Service } from '@kubernetes/client-node';
import { parse } from 'yaml';
import { workloadPorts } from '../config/workload-names.ts';
import { renderWorkloads, type WorkloadInput } from './workloads.ts';

const west: WorkloadInput = {
  namespace: 'meshproof',
  services: [
    { name: 'webapp', pods: { west: 1 } },
    { name: 'catalog', pods: { west: 2, east: 2 } },
    { name: 'inventory', pods: { east: 1 } },
    { name: 'probe', pods: { west: 1, east: 1 } },
  ],
  cluster: { name: 'west', region: 'region-west', zone: 'zone-west-a' },
  image: 'proxy:1',
};
const named = (kind: string, input = west) =>
  renderWorkloads(input)
    .filter((object) => object.kind === kind)
    .map((object) => object.metadata?.name);

test('every service exists in every cluster, its pods only where they are counted', () => {
  assert.deepEqual(named('Service'), ['webapp', 'catalog', 'inventory', 'probe']);
  assert.deepEqual(named('Deployment'), ['webapp', 'catalog', 'probe', 'probe-plain']);
  assert.deepEqual(named('ServiceAccount'), ['webapp', 'catalog', 'inventory', 'probe', 'probe-plain']);
  const replicas = renderWorkloads(west)
    .filter((object): object is V1Deployment => object.kind === 'Deployment')
    .map((object) => object.spec?.replicas);
  assert.deepEqual(replicas, [1, 2, 1, 1]);
});

test('a cluster without probe gets no plain probe', () => {
  const services = west.services.filter((service) => service.name !== 'probe');
  assert.ok(!named('Deployment', { ...west, services }).includes('probe-plain'));
});

test('the plain probe has no sidecar, all others may', () => {
  const inject = renderWorkloads(west)
    .filter((object): object is V1Deployment => object.kind === 'Deployment')
    .map((object) => object.spec?.template.metadata?.labels?.['sidecar.istio.io/inject']);
  assert.deepEqual(inject, [undefined, undefined, undefined, 'false']);
});

test('ports of the Services, of the pods and of the Envoy configuration agree', () => {
  const objects = renderWorkloads(west);
  const service = objects.find((object): object is V1Service => object.kind === 'Service');
  assert.deepEqual(
    service?.spec?.ports?.map((port) => [port.name, port.port, port.targetPort]),
    [
      ['http', 80, workloadPorts.serve],
      ['tcp', 9000, workloadPorts.tcp],
    ],
  );
  const configMap = objects.find((object): object is V1ConfigMap => object.kind === 'ConfigMap');
  const envoy = parse(configMap?.data?.['envoy.yaml'] ?? '', { maxAliasCount: -1 });
  const ports = envoy.static_resources.listeners.map(
    (listener: { address: { socket_address: { port_value: number } } }) =>
      listener.address.socket_address.port_value,
  );
  assert.deepEqual(ports, [workloadPorts.serve, workloadPorts.call, workloadPorts.tcp]);
  assert.equal(envoy.admin.address.socket_address.port_value, workloadPorts.admin);
});

test('everything carries our label and, but for the Namespace, the namespace', () => {
  for (const object of renderWorkloads(west)) {
    assert.equal(object.metadata?.labels?.['app.kubernetes.io/managed-by'], 'meshproof');
    if (object.kind !== 'Namespace') assert.equal(object.metadata?.namespace, 'meshproof');
  }
});

test('a cluster with an ingress gateway leads it to webapp, others have no such object', () => {
  assert.deepEqual(named('VirtualService'), []);
  const withIngress = { ...west, cluster: { ...west.cluster, ingress: true } };
  assert.deepEqual(named('Gateway', withIngress), ['meshproof']);
  assert.deepEqual(named('VirtualService', withIngress), ['meshproof']);
});
