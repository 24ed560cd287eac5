import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertFirst,
  assertHealthy,
  broken,
  itemOf,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';

const label = 'topology.istio.io/network';
type Change = (sample: BrokenSample) => void;
const isGateway = (name: string) => name.startsWith('istio-eastwestgateway');

/** A mesh on one network: it has neither labels nor gateways, and proxies have the pods of the other cluster as endpoints. */
function flat({ snapshot, west, east }: BrokenSample): void {
  for (const cluster of snapshot.declared.clusters) {
    cluster.network = 'flat';
    delete cluster.eastWestGateway;
  }
  const shards = structuredClone(itemOf(west.istiods).shards);
  for (const cluster of [west, east]) withoutNetworks(cluster);
  for (const [cluster, other] of [
    [west, 'east'],
    [east, 'west'],
  ] as const)
    for (const { upstreams } of cluster.proxies)
      for (const upstream of upstreams)
        upstream.endpoints = upstream.endpoints.flatMap((one) => {
          if (!one.address.startsWith('172.')) return [one];
          const shard = shards.find(({ host, cluster: of }) => host === upstream.host && of === other);
          return (shard?.addresses ?? []).map((address) => ({ ...one, address, port: 8080 }));
        });
}

function withoutNetworks(cluster: SampleCluster): void {
  for (const { labels } of cluster.namespaces) delete labels[label];
  cluster.services = cluster.services.filter(({ name }) => !isGateway(name));
  cluster.workloads = cluster.workloads.filter(({ name }) => !isGateway(name));
  cluster.pods = cluster.pods.filter(({ name }) => !isGateway(name));
  cluster.proxies = cluster.proxies.filter(({ pod }) => !isGateway(pod));
  cluster.probes = cluster.probes.filter(({ target }) => target !== 'eastWestGateway');
  cluster.resources = [];
  for (const install of cluster.installs) delete install.network;
  for (const { labels, proxy } of cluster.pods) {
    delete labels[label];
    delete proxy?.network;
  }
  for (const istiod of cluster.istiods) {
    istiod.networks = [];
    istiod.connected = istiod.connected.filter(({ proxy }) => !isGateway(proxy));
    for (const shard of istiod.shards) shard.networks = [''];
  }
}

/** Gives the pods of east other addresses than the pods of west. */
function otherRange({ west, east }: BrokenSample): void {
  const moved = (address: string) => address.replace(/^10\.244\./, '10.245.');
  for (const pod of east.pods) pod.ip = moved(pod.ip);
  for (const { istiods, proxies } of [west, east]) {
    for (const { shards } of istiods)
      for (const shard of shards) if (shard.cluster === 'east') shard.addresses = shard.addresses.map(moved);
    for (const { upstreams } of proxies)
      for (const { endpoints } of upstreams)
        for (const one of endpoints) if (one.region === 'region-east') one.address = moved(one.address);
  }
}

const flatMesh: Change = (sample) => {
  flat(sample);
  otherRange(sample);
};
/** Gives a pod of west the address of a pod of east that callers in west use. */
const shared =
  (over: object = {}): Change =>
  ({ west, east }) => {
    const { ip } = itemOf(east.pods, ({ labels }) => labels['app'] === 'inventory');
    Object.assign(
      itemOf(west.pods, ({ labels }) => labels['app'] === 'probe-plain'),
      { ip, ...over },
    );
  };
const podCidrs =
  (west: string, east: string): Change =>
  (sample) => {
    for (const [cluster, range] of [
      [sample.west, west],
      [sample.east, east],
    ] as const) {
      const node = itemOf(cluster.nodes);
      node.podCidrs = [range];
      for (const pod of cluster.pods) pod.node = node.name;
    }
  };
const all =
  (...changes: Change[]): Change =>
  (sample) =>
    changes.forEach((change) => change(sample));

test('healthy: a flat network, also with the same node addresses of pods with hostNetwork', () => {
  assertHealthy(broken(flatMesh));
  assertHealthy(broken(all(flatMesh, shared({ hostNetwork: true }))));
  assertHealthy(broken(all(flatMesh, podCidrs('10.244.0.0/24', '10.245.0.0/24'))));
});

test('healthy: the same pod and node ranges on separate networks', () => {
  assertHealthy(broken(all(shared(), podCidrs('10.244.0.0/24', '10.244.0.0/24'))));
});

test('separate networks that are called directly have another fault than their ranges', () => {
  const separate: Change = ({ snapshot }) => {
    for (const cluster of snapshot.declared.clusters) cluster.network = `${cluster.name}-net`;
  };
  const causes = judge(broken(all(flat, shared(), separate))).causes;
  const codes = causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]).map(({ code }) => code);
  assert.ok(codes.includes('MP3101') && !codes.includes('MP3113'), codes.join());
});

test('healthy: ranges of nodes that the network plug-in does not use, and pods that ended', () => {
  assertHealthy(broken(all(flatMesh, podCidrs('10.245.0.0/24', '10.245.0.0/24'))));
  assertHealthy(broken(all(flatMesh, shared({ ready: false }))));
});

test('broken: pods of two clusters on one network have the same address', () => {
  const { finding } = assertFirst(all(flatMesh, shared()), {
    ...{ code: 'MP3113', severity: 'error', cluster: 'west', peer: 'east' },
  });
  assert.match(
    finding.cause,
    /calls from west to inventory\.meshproof\.svc\.cluster\.local do not reach east/,
  );
});

test('broken: the ranges of nodes overlap on one network', () => {
  const overlap = all(flatMesh, podCidrs('10.244.0.0/15', '10.245.0.0/24'));
  assertFirst(overlap, { code: 'MP3113', severity: 'error', cluster: 'west', peer: 'east' });
});

test('a cluster that is read under two names does not have a stranger at an address', () => {
  const twice: Change = ({ west, east }) => {
    const pod = itemOf(east.pods, ({ labels }) => labels['app'] === 'inventory');
    west.pods.push(structuredClone(pod));
  };
  const codes = judge(broken(all(flatMesh, twice))).causes.map(({ finding }) => finding.code);
  assert.ok(!codes.includes('MP3113'), codes.join());
});

test('broken: a route between the pod ranges is missing', () => {
  const eject =
    (from: 'west' | 'east', addresses: RegExp): Change =>
    (sample) => {
      for (const { upstreams } of sample[from].proxies)
        for (const { host, endpoints } of upstreams)
          if (host.startsWith('inventory.'))
            for (const one of endpoints) if (addresses.test(one.address)) one.ejected = true;
    };
  const noRoute = all(flatMesh, eject('west', /^10\.245/));
  assertFirst(noRoute, { code: 'MP3114', severity: 'error', cluster: 'west', peer: 'east' });
  // Callers in the cluster of the pods ejected them too, so the pods are at fault.
  const faulty = all(noRoute, eject('east', /^10\.245/));
  const codes = judge(broken(faulty)).causes.map(({ finding }) => finding.code);
  assert.ok(!codes.includes('MP3114'), codes.join());
});
