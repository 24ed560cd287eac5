import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord, Snapshot } from '../../snapshot/schema.ts';
import {
  assertFirst,
  assertHealthy,
  broken,
  itemOf,
  resource,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';

const label = 'topology.istio.io/network';
type Change = (sample: BrokenSample) => void;

const all =
  (...changes: Change[]): Change =>
  (sample) =>
    changes.forEach((change) => change(sample));
const each =
  (change: (cluster: SampleCluster, sample: BrokenSample) => void): Change =>
  (sample) =>
    [sample.west, sample.east].forEach((cluster) => change(cluster, sample));
const systemLabels = ({ namespaces }: SampleCluster) =>
  itemOf(namespaces, ({ name }) => name === 'istio-system').labels;
const gateway = ({ services }: SampleCluster) =>
  itemOf(services, ({ name }) => name === 'istio-eastwestgateway');
const proxied = ({ pods }: SampleCluster) => pods.filter(({ sidecar }) => sidecar);
const codesOf = (snapshot: Snapshot) =>
  judge(snapshot)
    .causes.filter(({ finding }) => finding.severity !== 'info')
    .map(({ finding }) => finding.code);

/** Removes the label of the system namespace. */
const unlabelled = each((cluster) => void delete systemLabels(cluster)[label]);
/** Removes what the injector adds to pods. */
const notInjected = each((cluster) => {
  for (const install of cluster.installs) delete install.network;
  for (const pod of proxied(cluster)) {
    delete pod.labels[label];
    delete pod.proxy!.network;
  }
});
/** Sets the network of the endpoints of a cluster in the istiods of both. */
const endpointsOn = (of: string, networkOf: (host: string) => string[], readers = ['west', 'east']): Change =>
  each(({ name, istiods }) => {
    for (const { shards } of readers.includes(name) ? istiods : [])
      for (const shard of shards) if (shard.cluster === of) shard.networks = networkOf(shard.host);
  });
const network = (endpoints: object[], address: string) => ({
  endpoints,
  gateways: [{ address, port: 15443 }],
});
const registries = (west: string, east: string) => ({
  'west-net': network([{ fromRegistry: west }], '172.30.0.2'),
  'east-net': network([{ fromRegistry: east }], '172.30.1.2'),
});
const meshNetworks = (networks: object, clusters = ['west', 'east']): Change =>
  each(({ name, installs }) => {
    if (clusters.includes(name)) Object.assign(itemOf(installs), { meshNetworks: networks });
  });
/** Gives the pods of east addresses that the pods of west do not have. */
const otherRange = ({ snapshot }: BrokenSample): void => {
  const moved = (value: unknown) =>
    JSON.parse(JSON.stringify(value).replaceAll('"10.244.', '"10.245.')) as object;
  const [west, east] = snapshot.clusters as [SampleCluster, SampleCluster];
  Object.assign(east, { pods: moved(east.pods), proxies: moved(east.proxies) });
  for (const { istiods } of [west, east])
    for (const { shards } of istiods)
      for (const shard of shards) if (shard.cluster === 'east') Object.assign(shard, moved(shard));
};

test('healthy: meshNetworks by registry and gateways by address, without labels', () => {
  const snapshot = broken(
    all(
      unlabelled,
      notInjected,
      meshNetworks(registries('west', 'east')),
      ({ west, east, snapshot: { clusters } }) => {
        for (const cluster of [west, east]) {
          delete gateway(cluster).labels[label];
          for (const istiod of cluster.istiods) for (const one of istiod.networks) one.cluster = '';
        }
        assert.equal(clusters.length, 2);
      },
    ),
  );
  for (const { probes } of snapshot.clusters) {
    const probe = itemOf(probes, ({ target }) => target === 'eastWestGateway');
    probes.push({ ...probe, cluster: '', tls: 'closed', chain: [] });
  }
  const codes = codesOf(snapshot).filter((code) => code !== 'MP3202');
  assert.deepEqual(codes, []);
});

test('healthy: a label in one cluster and meshNetworks in the other; a label wins over meshNetworks', () => {
  const onlyEast: Change = ({ east }) => void delete systemLabels(east)[label];
  assertHealthy(broken(all(onlyEast, meshNetworks(registries('elsewhere', 'east')))));
  assertHealthy(broken(meshNetworks(registries('east', 'west'))));
});

test('healthy: labels on pods only', () => {
  assertHealthy(broken(unlabelled));
});

test('healthy: meshNetworks by range, also with several networks in a cluster', () => {
  const ranges = (...east: object[]) => ({
    'west-net': network([{ fromCidr: '10.244.0.0/16' }], '172.30.0.2'),
    'east-net': network(east, '172.30.1.2'),
  });
  const byRange = (networks: object) => all(otherRange, unlabelled, notInjected, meshNetworks(networks));
  assertHealthy(broken(byRange(ranges({ fromCidr: '10.245.0.0/16' }))));
  const second = { 'east-second': network([{ fromCidr: '10.245.0.0/24' }], '172.30.1.2') };
  const several = all(
    byRange({ ...ranges({ fromCidr: '10.245.1.0/24' }), ...second }),
    endpointsOn('east', () => ['east-second']),
    each(({ istiods }) => {
      for (const istiod of istiods)
        istiod.networks.push({ network: 'east-second', cluster: '', address: '172.30.1.2', port: 15443 });
    }),
  );
  assertHealthy(broken(several));
});

test('healthy: the mesh uses other names of networks than the mesh file', () => {
  const renamed = all(
    each((cluster) => {
      const own = `prod-${cluster.name}`;
      systemLabels(cluster)[label] = own;
      gateway(cluster).labels[label] = own;
      if (gateway(cluster).selector[label]) gateway(cluster).selector[label] = own;
      for (const install of cluster.installs) install.network = own;
      for (const pod of cluster.pods.filter(({ proxy }) => proxy)) {
        pod.labels[label] = own;
        pod.proxy!.network = own;
      }
      for (const istiod of cluster.istiods)
        for (const one of istiod.networks) one.network = `prod-${one.cluster}`;
    }),
    endpointsOn('west', () => ['prod-west']),
    endpointsOn('east', () => ['prod-east']),
  );
  const named = codesOf(broken(renamed)).filter((code) => code !== 'MP3207');
  assert.deepEqual(named, []);
});

test('healthy: a WorkloadEntry on a third network', () => {
  const machine = (spec: object): ResourceRecord =>
    resource('WorkloadEntry', 'machine', { address: '192.0.2.7', labels: { app: 'catalog' }, ...spec });
  const entry = (spec: object, seen: string): Change =>
    all(
      ({ east }) => void east.resources.push(machine(spec)),
      endpointsOn('east', (host) => (host.startsWith('catalog.') ? ['east-net', seen] : ['east-net'])),
    );
  assertHealthy(broken(entry({ network: 'machines' }, 'machines')));
  // istiod does not give a network to an entry that does not name one.
  assertHealthy(broken(entry({}, '')));
  const unknown = broken(entry({ network: 'machines' }, 'nowhere'));
  assert.deepEqual(codesOf(unknown), ['MP3506', 'MP3506']);
});

const wrongGlobal = (pods: boolean): Change =>
  all(
    ({ east }) => {
      for (const install of east.installs) install.network = 'west-net';
      for (const pod of pods ? proxied(east) : []) {
        pod.labels[label] = 'west-net';
        pod.proxy!.network = 'west-net';
      }
    },
    endpointsOn('east', () => [pods ? 'west-net' : 'east-net']),
  );

test('broken: values.global.network is the network of another cluster', () => {
  const { finding } = assertFirst(wrongGlobal(true), {
    ...{ code: 'MP3110', severity: 'error', cluster: 'east', symptoms: ['MP3104', 'MP3506'] },
  });
  assert.match(finding.remedy, /global\.network=east-net\n.* -n meshproof rollout restart/);
  assertFirst(wrongGlobal(false), { code: 'MP3112', severity: 'warning', cluster: 'east' });
  // The value was corrected, but the pods were not restarted.
  const corrected = all(wrongGlobal(true), ({ east }) => void (itemOf(east.installs).network = 'east-net'));
  assertFirst(corrected, { code: 'MP3110', severity: 'error', cluster: 'east' });
});

test('broken: the injection URL names another network', () => {
  const inUrl: Change = ({ east }) => {
    for (const hook of east.webhooks)
      hook.target = 'istio-system/istiod:443/inject/cluster/east/net/west-net';
  };
  assertFirst(
    all(wrongGlobal(true), ({ east }) => void delete itemOf(east.installs).network, inUrl),
    {
      ...{ code: 'MP3110', severity: 'error', cluster: 'east' },
    },
  );
});

test('healthy: the templates of workloads name the network of another cluster', () => {
  for (const moves of [(app: string) => app === 'catalog', () => true]) {
    const moved: Change = ({ east }) => {
      for (const workload of east.workloads.filter(({ name }) => moves(name)))
        workload.templateLabels[label] = 'west-net';
      for (const pod of proxied(east).filter(({ labels }) => moves(labels['app'] ?? ''))) {
        pod.labels[label] = 'west-net';
        pod.proxy!.network = 'west-net';
      }
    };
    const onWest = endpointsOn('east', (host) => [
      moves(host.split('.', 1)[0] ?? '') ? 'west-net' : 'east-net',
    ]);
    assertHealthy(broken(all(moved, onWest)));
  }
});

test('broken: ISTIO_META_NETWORK of a gateway is not its label', () => {
  const other: Change = ({ east }) =>
    void (itemOf(east.pods, ({ labels }) => labels['istio'] === 'eastwestgateway').proxy!.network =
      'west-net');
  assertFirst(other, { code: 'MP3104', severity: 'error', cluster: 'east' });
});

test('broken: meshNetworks is in one cluster only, or names a cluster that does not exist', () => {
  const bare = all(unlabelled, notInjected);
  const inWest = all(
    bare,
    meshNetworks(registries('west', 'east'), ['west']),
    endpointsOn('west', () => [''], ['east']),
    endpointsOn('east', () => [''], ['east']),
  );
  assertFirst(inWest, { code: 'MP3101', severity: 'error', cluster: 'west', symptoms: ['MP3506'] });
  const misspelled = all(
    bare,
    meshNetworks(registries('west', 'east-1')),
    endpointsOn('east', () => ['']),
  );
  const { finding } = assertFirst(misspelled, { code: 'MP3101', severity: 'error', cluster: 'east' });
  assert.ok(finding.evidence.some(({ seen }) => seen === 'west, east-1'));
});

test('broken: meshNetworks places a cluster on the network of another', () => {
  const swapped = all(
    unlabelled,
    notInjected,
    meshNetworks(registries('east', 'west'), ['west']),
    meshNetworks(registries('west', 'east'), ['east']),
    endpointsOn('east', () => ['west-net'], ['west']),
    endpointsOn('west', () => ['east-net'], ['west']),
  );
  assertFirst(swapped, { code: 'MP3111', severity: 'error', cluster: 'west', symptoms: ['MP3506'] });
  const range = all(
    ({ east }) => void delete systemLabels(east)[label],
    otherRange,
    notInjected,
    meshNetworks({ 'west-net': network([{ fromCidr: '10.0.0.0/8' }], '172.30.0.2') }, ['west']),
    meshNetworks(registries('west', 'east'), ['east']),
    endpointsOn('east', () => ['west-net'], ['west']),
  );
  assertFirst(range, { code: 'MP3111', severity: 'error', cluster: 'west', peer: 'east' });
});

test('healthy: another mesh in the same cluster has a network of its own', () => {
  const second: Change = ({ west }) => {
    const install = structuredClone(itemOf(west.installs));
    west.installs.push({ ...install, namespace: 'other-system', meshId: 'other', network: 'other-net' });
    const hook = structuredClone(itemOf(west.webhooks));
    hook.target = 'other-system/istiod:443/inject/net/other-net';
    west.webhooks.push({ ...hook, service: { namespace: 'other-system', name: 'istiod', port: 443 } });
    const pod = structuredClone(itemOf(proxied(west)));
    Object.assign(pod, { namespace: 'other', labels: { [label]: 'other-net' } });
    Object.assign(pod.proxy!, { meshId: 'other', network: 'other-net' });
    west.pods.push(pod);
  };
  const codes = judge(broken(second)).causes.map(({ finding }) => finding.code);
  assert.deepEqual(
    codes.filter((code) => code.startsWith('MP31')),
    [],
  );
});
