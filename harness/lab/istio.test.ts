import assert from 'node:assert/strict';
import test from 'node:test';
import { loadTopology } from '../config/load.ts';
import { istioOperator, merge } from './istio.ts';

const topology = loadTopology(new URL('../../clusters/topologies/west-east.yaml', import.meta.url).pathname);
const [west, east] = topology.clusters;
const istio = { hub: 'h', tag: 't' };

test('objects are merged, and all other values are replaced', () => {
  const base = { a: { b: 1, c: [1] }, d: 1 };
  assert.deepEqual(merge(base, { a: { c: [2] }, e: { f: 1 } }), { a: { b: 1, c: [2] }, d: 1, e: { f: 1 } });
  assert.deepEqual(base, { a: { b: 1, c: [1] }, d: 1 });
});

test('only a cluster with an ingress gets an ingress gateway; every cluster gets an east-west gateway of its network', () => {
  const gateways = (cluster: typeof west) => {
    assert.ok(cluster);
    const document = istioOperator(topology, cluster, { stockEnvoy: false, istio }) as any;
    return document.spec.components.ingressGateways.map(({ name, label }: any) => [
      name,
      label['topology.istio.io/network'],
    ]);
  };
  assert.deepEqual(gateways(west), [
    ['istio-ingressgateway', undefined],
    ['istio-eastwestgateway', 'west-net'],
  ]);
  assert.deepEqual(gateways(east), [['istio-eastwestgateway', 'east-net']]);
});

test('only stock Envoy gets its settings, and the topology overrides all settings', () => {
  assert.ok(west);
  const settings = (stockEnvoy: boolean, values = {}) => {
    const document = istioOperator({ ...topology, istio: { values } }, west, { stockEnvoy, istio }) as any;
    return document.spec.values;
  };
  assert.equal(settings(true).telemetry.enabled, false);
  assert.equal(settings(true).pilot.env.PILOT_ENABLE_ALPN_FILTER, 'false');
  assert.equal(settings(false).telemetry, undefined);
  assert.equal(settings(false).pilot.env, undefined);
  assert.equal(settings(true, { values: { telemetry: { enabled: true } } }).telemetry.enabled, true);
  assert.equal(settings(true).global.multiCluster.clusterName, 'west');
});
