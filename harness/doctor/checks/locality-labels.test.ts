import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyToBoth,
  assertFirst,
  assertNothingAboveInfo,
  broken,
  itemOf,
  resource,
  type BrokenSample,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';

const outlier = { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '30s', maxEjectionPercent: 100 };
const rule = (localityLbSetting: object, host = 'catalog', outlierDetection: object | undefined = outlier) =>
  resource('DestinationRule', host, {
    host,
    trafficPolicy: { loadBalancer: { localityLbSetting }, ...(outlierDetection ? { outlierDetection } : {}) },
  });
const failover = (...pairs: [from: string, to: string][]) => ({
  enabled: true,
  failover: pairs.map(([from, to]) => ({ from, to })),
});
const toTheOther = failover(['region-west', 'region-east'], ['region-east', 'region-west']);

/** Gives the pods of catalog and orders a region by label, and proxies and istiods what follows from it. */
function relabel({ west, east }: BrokenSample): void {
  const places = [
    { cluster: west, label: 'istio-locality', region: 'eu' },
    { cluster: east, label: 'topology.istio.io/locality', region: 'us' },
  ];
  const regionOf = new Map(places.map(({ cluster, region }) => [cluster.name, region]));
  for (const { cluster, label, region } of places) {
    for (const pod of cluster.pods.filter(({ sidecar }) => sidecar))
      pod.labels[label] = `${region}.${region}-1`;
    for (const proxy of cluster.proxies.filter(({ type }) => type === 'sidecar')) {
      proxy.nodeLocality = { region, zone: `${region}-1`, subzone: '' };
      for (const endpoint of proxy.upstreams.flatMap(({ endpoints }) => endpoints)) {
        const from = regionOf.get(endpoint.region.replace('region-', ''));
        if (from === undefined) continue;
        endpoint.priority = from === region ? 0 : 1;
        Object.assign(endpoint, { region: from, zone: `${from}-1` });
      }
    }
    for (const shard of itemOf(cluster.istiods).shards)
      shard.localities = [`${regionOf.get(shard.cluster)}/${regionOf.get(shard.cluster)}-1`];
  }
}

/** Gives proxies the order of regions that a failover rule sets. */
function order({ west, east }: BrokenSample): void {
  for (const cluster of [west, east])
    for (const endpoint of cluster.proxies.flatMap(({ upstreams }) =>
      upstreams.flatMap((one) => one.endpoints),
    ))
      endpoint.priority = endpoint.region === `region-${cluster.name}` ? 0 : 1;
}

test('labels of pods override the regions of nodes, and failover names them: healthy', () => {
  assertNothingAboveInfo((sample) => {
    relabel(sample);
    applyToBoth(sample, rule(failover(['eu', 'us'], ['us', 'eu'])));
  });
});

test('nodes without a region, whose pods have a locality by label: healthy', () => {
  assertNothingAboveInfo((sample) => {
    relabel(sample);
    for (const pod of sample.west.pods) if (pod.proxy) pod.labels['istio-locality'] = 'eu.eu-1';
    itemOf(sample.west.nodes).region = '';
    applyToBoth(sample, rule(failover(['eu', 'us'], ['us', 'eu'])));
  });
});

test('nodes without a region come first, not the failover rule that names their region: broken', () => {
  assertFirst(
    (sample) => {
      order(sample);
      itemOf(sample.west.nodes).region = '';
      for (const { istiods } of [sample.west, sample.east])
        for (const shard of itemOf(istiods).shards) if (shard.cluster === 'west') shard.localities = [''];
      applyToBoth(sample, rule(toTheOther));
    },
    { code: 'MP4101', severity: 'warning', cluster: 'west' },
  );
});

test('failover to the region of a WorkloadEntry, and to a region of another mesh: healthy', () => {
  assertNothingAboveInfo((sample) => {
    order(sample);
    const entry = { address: '10.9.9.9', locality: 'region-vm/zone-1', labels: { app: 'catalog' } };
    applyToBoth(sample, resource('WorkloadEntry', 'vm', entry));
    applyToBoth(sample, rule(failover(['region-west', 'region-vm'], ['region-east', 'region-west'])));
  });
  assertNothingAboveInfo((sample) => {
    order(sample);
    const others = failover(['region-moon', 'region-mars'], ['region-west', 'region-east']);
    applyToBoth(sample, rule(others));
  });
});

test('a caller in a region without endpoints does not have an order of regions: healthy', () => {
  assertNothingAboveInfo((sample) => {
    applyToBoth(sample, rule(toTheOther));
    for (const pod of [...sample.west.pods, ...sample.east.pods])
      if (pod.sidecar) pod.labels['topology.istio.io/locality'] = 'region-moon';
  });
});

test('weights for callers that the cluster does not have: healthy', () => {
  const distribute = [
    { from: 'region-moon/*', to: { 'region-moon/*': 90 } },
    { from: 'region-west/*', to: { 'region-west/*': 80, 'region-east/*': 20 } },
  ];
  assertNothingAboveInfo((sample) => applyToBoth(sample, rule({ distribute })));
});

test('weights leave callers without an endpoint: broken', () => {
  const distribute = [{ from: 'region-west/*', to: { 'region-west/*': 100 } }];
  assertFirst((sample) => applyToBoth(sample, rule({ distribute }, 'inventory')), {
    code: 'MP4220',
    severity: 'error',
    cluster: 'west',
  });
  assertNothingAboveInfo((sample) => applyToBoth(sample, rule({ distribute }, 'orders')));
});

/** Mesh settings that distribute the calls from the region of each cluster. */
const distributeByMesh =
  (to: (cluster: string) => string) =>
  ({ west, east }: BrokenSample): void => {
    for (const { name, installs, proxies } of [west, east]) {
      const regions = { [`region-${to(name)}/*`]: 100 };
      itemOf(installs).settings!.localityLb = {
        enabled: true,
        distribute: [{ from: `region-${name}/*`, to: regions }],
        failover: [],
        failoverPriority: [],
      };
      for (const { type, upstreams } of proxies)
        for (const upstream of type === 'sidecar' ? upstreams : [])
          upstream.endpoints = upstream.endpoints.filter(({ region }) => region === `region-${to(name)}`);
    }
  };
const otherCluster = (name: string) => (name === 'west' ? 'east' : 'west');

test('mesh settings keep the traffic of each region: healthy, with an info that names the services of other regions', () => {
  const keepAll = distributeByMesh((cluster) => cluster);
  assertNothingAboveInfo(keepAll);
  const infos = judge(broken(keepAll)).causes.map(({ finding }) => finding);
  assert.deepEqual(
    infos.map(({ code, cluster, severity }) => [code, cluster, severity]),
    [
      ['MP4220', 'west', 'info'],
      ['MP4220', 'east', 'info'],
    ],
  );
  assert.match(infos[0]?.cause ?? '', /of west do not have an endpoint of meshproof\/inventory, because/);
});

test('rules of services override the mesh settings: healthy, without an info', () => {
  const hosts = ['inventory', 'orders', 'webapp'];
  const everywhere = { enabled: true, distribute: [{ from: '*', to: { '*': 100 } }] };
  const sample = broken((one) => {
    distributeByMesh((cluster) => cluster)(one);
    for (const host of hosts) applyToBoth(one, rule(everywhere, host));
  });
  assert.deepEqual(
    judge(sample).causes.filter(({ finding }) => finding.code === 'MP4220'),
    [],
  );
});

test('mesh settings send all calls to the other region: broken for services of one region', () => {
  const { finding } = assertFirst(distributeByMesh(otherCluster), { code: 'MP4220', severity: 'error' });
  assert.match(finding.remedy, /-n istio-system edit configmap istio/);
});

test('failover with the outlier detection of the mesh settings: healthy', () => {
  const bare = rule(toTheOther, 'catalog', undefined);
  assertNothingAboveInfo((sample) => {
    order(sample);
    for (const { installs } of [sample.west, sample.east])
      itemOf(installs).settings!.defaultOutlierDetection = true;
    applyToBoth(sample, {
      ...bare,
      spec: { host: 'catalog', trafficPolicy: { loadBalancer: { localityLbSetting: toTheOther } } },
    });
  });
});
