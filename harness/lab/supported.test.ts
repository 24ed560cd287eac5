import assert from 'node:assert/strict';
import test from 'node:test';
import { loadTopology } from '../config/load.ts';
import { unsupported } from './supported.ts';

const topology = loadTopology(new URL('../../clusters/topologies/west-east.yaml', import.meta.url).pathname);

test('the included topology is supported', () => {
  assert.deepEqual(unsupported(topology), []);
});

test('a remote cluster, a shared network and another data port each give a sentence', () => {
  const [west, east] = topology.clusters;
  assert.ok(west && east);
  const clusters = [west, { ...east, role: 'remote' as const, network: west.network }];
  const link = { forwards: [{ port: 443, purpose: 'data' as const }] };
  assert.deepEqual(unsupported({ ...topology, clusters, link }), [
    'cluster east has role remote; this version creates only primary clusters',
    'cluster east shares network west-net; this version gives each cluster its own',
    "the link forwards 443 for data; this version's gateways listen on 15443",
  ]);
});
