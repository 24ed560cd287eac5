import type { SampleCluster } from '../broken-sample.ts';
import { applyToBoth, itemOf, resource, type BrokenSample } from '../broken-sample.ts';
import { resourcesOf, settingsOf, without, withoutRemote, type Breakage } from './breakage.ts';

const failover = [{ from: 'region-west', to: 'region-east' }];
const outlier = { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '30s', maxEjectionPercent: 100 };
const rule = (name: string, localityLbSetting: object, outlierDetection?: object) =>
  resource('DestinationRule', name, {
    host: name,
    trafficPolicy: { loadBalancer: { localityLbSetting }, ...(outlierDetection ? { outlierDetection } : {}) },
  });

/** Gives proxies the order of regions that a rule for a service sets. */
function order({ snapshot }: BrokenSample, service: string): void {
  for (const cluster of snapshot.clusters)
    for (const { upstreams } of cluster.proxies)
      for (const { host, endpoints } of upstreams)
        if (host.startsWith(`${service}.`))
          for (const one of endpoints) one.priority = one.region === regionOf(cluster) ? 0 : 1;
}

const regionOf = ({ nodes }: Pick<SampleCluster, 'nodes'>): string => itemOf(nodes).region;

/** A rule of both clusters, with the order that it gives. */
const ordered = (service: string, setting: object, detection: object) => (sample: BrokenSample) => {
  order(sample, service);
  applyToBoth(sample, rule(service, setting, detection));
};

export const localityBreakages: readonly Breakage[] = [
  {
    id: 'nodes-without-region',
    code: 'MP4101',
    cluster: 'west',
    break: ({ west }) => {
      for (const node of west.nodes) [node.region, node.zone] = ['', ''];
    },
  },
  {
    id: 'nodes-without-zone',
    code: 'MP4102',
    cluster: 'west',
    isInfo: true,
    follows: ['nodes-without-region'],
    break: ({ west }) => {
      for (const node of west.nodes) node.zone = '';
    },
  },
  {
    id: 'nodes-in-another-region',
    code: 'MP4104',
    cluster: 'west',
    break: ({ west }) => {
      for (const node of west.nodes) node.region = 'region-moon';
    },
  },
  {
    id: 'proxies-in-another-locality',
    isEffect: true,
    code: 'MP4103',
    cluster: 'west',
    follows: ['nodes-without-region'],
    break: ({ west }) => {
      for (const proxy of west.proxies)
        proxy.nodeLocality = { region: 'region-old', zone: 'zone-old', subzone: '' };
    },
  },
  {
    id: 'gateway-without-locality',
    isEffect: true,
    code: 'MP4105',
    cluster: 'west',
    peer: 'east',
    break: ({ west, east }) => {
      itemOf(east.nodes, ({ region }) => region !== '');
      for (const { upstreams } of west.proxies)
        for (const one of upstreams.flatMap(({ endpoints }) => endpoints))
          if (one.port === 15443) [one.region, one.zone, one.weight] = ['', '', 1];
    },
  },
  {
    id: 'failover-without-outlier-detection',
    code: 'MP4201',
    break: (sample) => applyToBoth(sample, rule('catalog', { enabled: true, failover })),
  },
  {
    id: 'ejection-percent-too-low',
    code: 'MP4202',
    break: ordered('catalog', { enabled: true, failover }, { ...outlier, maxEjectionPercent: 20 }),
  },
  {
    id: 'never-ejects',
    code: 'MP4208',
    break: ordered('inventory', { enabled: true, failover }, { ...outlier, consecutive5xxErrors: 0 }),
  },
  {
    id: 'weights-with-failover',
    code: 'MP4203',
    break: ordered(
      'webapp',
      {
        distribute: [{ from: 'region-west/*', to: { 'region-west/*': 80, 'region-east/*': 20 } }],
        failover,
      },
      outlier,
    ),
  },
  {
    id: 'weights-for-no-region',
    follows: ['nodes-without-region', 'nodes-in-another-region'],
    code: 'MP4204',
    cluster: 'west',
    break: (sample) => {
      const weights = [{ from: 'region-west/*', to: { 'region-west/*': 80, 'region-mars/*': 20 } }];
      applyToBoth(sample, rule('catalog', { distribute: weights }));
      withoutRemote(sample, (host) => host.startsWith('catalog.meshproof.'));
    },
  },
  {
    id: 'weights-for-a-region-without-pods',
    follows: ['service-missing', 'nodes-without-region', 'nodes-in-another-region'],
    code: 'MP4220',
    cluster: 'west',
    break: (sample) => {
      const weights = [{ from: 'region-west/*', to: { 'region-west/*': 100 } }];
      applyToBoth(sample, rule('inventory', { distribute: weights }));
      withoutRemote(sample, (host) => host.startsWith('inventory.meshproof.'));
    },
  },
  {
    id: 'failover-to-no-region',
    code: 'MP4205',
    break: ordered('inventory', { failover: [{ from: 'region-west', to: 'region-mars' }] }, outlier),
  },
  {
    id: 'no-order-of-regions',
    isEffect: true,
    code: 'MP4206',
    break: (sample) => {
      without(sample.west, 'DestinationRule');
      applyToBoth(sample, rule('catalog', { enabled: true, failover }, outlier));
    },
  },
  {
    id: 'rule-in-one-cluster',
    code: 'MP4207',
    break: ({ west, east }) => {
      resourcesOf(east); // without an istiod there, the rule is for both clusters
      resourcesOf(west).push(
        resource('DestinationRule', 'pool', {
          host: 'catalog',
          trafficPolicy: { connectionPool: { tcp: { maxConnections: 9 } } },
        }),
      );
    },
  },
  {
    id: 'locality-balancing-off',
    code: 'MP4210',
    cluster: 'west',
    break: ({ west, east }) => {
      itemOf(east.istiods);
      const off = { enabled: false, distribute: [], failover: [], failoverPriority: [] };
      settingsOf(west).localityLb = off;
      for (const istiod of west.istiods) istiod.settings.localityLb = off;
    },
  },
];
