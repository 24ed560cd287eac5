import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseDump } from './envoy-pages.ts';
import { heldEndpoints } from './istiod.ts';
import { clusterz, configz, endpointShardz, networkz, syncz } from './istiod-pages.ts';
import { parseClusters, parseEds } from './proxy.ts';

/**
 * Answers of istiod and of a sidecar in cluster west of a lab, recorded from a running mesh: a folder for each version of Istio. They are
 * shortened to one service, without certificates; every field that is left is as Istio sent it.
 */
const recorded = join(import.meta.dirname, 'recorded');
const host = 'catalog.meshproof.svc.cluster.local';
const name = `outbound|80||${host}`;

for (const version of readdirSync(recorded)) {
  const text = (page: string) => readFileSync(join(recorded, version, `${page}.json`), 'utf8');
  const json = (page: string) => JSON.parse(text(page)) as unknown;

  test(`${version}: clusters, networks and configuration in the pages of istiod`, () => {
    const clusters = clusterz.parse(json('clusterz'))?.map(({ id, syncStatus }) => [id, syncStatus]);
    assert.deepEqual(clusters, [
      ['west', 'synced'],
      ['east', 'synced'],
    ]);
    const networks = networkz.parse(json('networkz'))?.map((one) => [one.Network, one.Cluster, one.Port]);
    assert.deepEqual(networks, [
      ['west-net', 'west', 15443],
      ['east-net', 'east', 15443],
    ]);
    const [gateway] = configz.parse(json('configz'));
    assert.deepEqual([gateway?.kind, gateway?.metadata.name], ['Gateway', 'cross-network-gateway']);
    assert.match(gateway?.metadata.resourceVersion ?? '', /^\d+$/);
  });

  test(`${version}: endpoints and connected proxies in the pages of istiod`, () => {
    const shards = endpointShardz.parse(json('endpointShardz'));
    for (const cluster of ['west', 'east'])
      assert.equal(heldEndpoints(shards, { host, namespace: 'meshproof', cluster, portName: 'http' }), 2);
    const [one] = shards[host]?.['meshproof']?.Shards?.['Kubernetes/east'] ?? [];
    assert.deepEqual(
      [one?.Network, one?.Locality.Label, one?.TLSMode, one?.HealthStatus, one?.Addresses?.length],
      ['east-net', 'region-east/zone-east-a/', 'istio', 1, 1],
    );
    const [proxy] = syncz.parse(json('syncz')) ?? [];
    const types = Object.entries(proxy?.resources ?? {});
    assert.equal(proxy?.cluster_id, 'west');
    assert.ok(types.some(([type]) => type.endsWith('.ClusterLoadAssignment')));
    for (const [type, { sent, acked }] of types) assert.equal(acked, sent, type);
  });

  test(`${version}: endpoints in the pages of Envoy`, () => {
    const endpoints = parseClusters(text('clusters'));
    assert.ok(endpoints.every(({ cluster, healthy, ejected }) => cluster === name && healthy && !ejected));
    const weights = endpoints.map(({ region, port, weight }) => [region, port, weight]);
    const [west, east] = [
      ['region-west', 8080, 1],
      ['region-east', 15443, 2], // one gateway for two pods
    ];
    assert.deepEqual(weights.toSorted(), [east, west, west]);
    const localities = parseEds(text('config_dump')).get(name) ?? [];
    const priorities = localities.map(({ region, priority }) => [region, priority]);
    assert.deepEqual(priorities.toSorted(), [
      ['region-east', 0],
      ['region-west', 0],
    ]);
  });

  test(`${version}: configuration in the dump of Envoy`, () => {
    const { node, clusters, listeners, secrets, localities, warming } = parseDump(text('config_dump'));
    assert.deepEqual([node?.metadata.CLUSTER_ID, node?.metadata.NETWORK], ['west', 'west-net']);
    assert.equal(node?.locality.region, ''); // the proxies of the lab do not set their own
    assert.ok((node?.user_agent_build_version?.version.major_number ?? 0) >= 1);
    assert.deepEqual(
      clusters.map((one) => one.name),
      [name],
    );
    assert.equal(clusters[0]?.lb_policy, 'LEAST_REQUEST');
    assert.equal(listeners.length, 1);
    assert.deepEqual(secrets.map((one) => one.name).toSorted(), ['ROOTCA', 'default']);
    assert.deepEqual([...localities.keys()], [name]);
    assert.deepEqual(warming, []);
  });
}
