import { test } from 'node:test';
import { applyToBoth, assertFirst, resource, itemOf, type BrokenSample } from '../broken-sample.ts';

const failover = [{ from: 'region-west', to: 'region-east' }];
const outlier = { consecutive5xxErrors: 3, interval: '1s', baseEjectionTime: '30s', maxEjectionPercent: 100 };
const rule = (localityLbSetting: object, outlierDetection?: object) =>
  resource('DestinationRule', 'catalog', {
    host: 'catalog',
    trafficPolicy: { loadBalancer: { localityLbSetting }, ...(outlierDetection ? { outlierDetection } : {}) },
  });

/** Gives proxies the order of regions that the rule sets. */
const ordered = ({ west, east }: BrokenSample) => {
  for (const cluster of [west, east])
    for (const proxy of cluster.proxies)
      for (const upstream of proxy.upstreams)
        for (const endpoint of upstream.endpoints)
          endpoint.priority = endpoint.region === `region-${cluster.name}` ? 0 : 1;
};

/** The locality that Envoy reports if the cloud, or a label of the pod, gives one. Envoy in the recorded lab does not report one. */
const reportLocality = (
  { west }: BrokenSample,
  locality = { region: 'region-west', zone: 'zone-west-a' },
) => {
  for (const proxy of west.proxies) proxy.nodeLocality = { ...locality, subzone: '' };
};

test('nodes without a region or a zone, or in another region than the mesh file', () => {
  const noRegion = ({ west }: BrokenSample) => void (itemOf(west.nodes).region = '');
  const code = { code: 'MP4101', severity: 'warning', cluster: 'west' } as const;
  assertFirst(noRegion, { ...code, symptoms: [] });
  assertFirst(
    (sample) => {
      reportLocality(sample);
      noRegion(sample);
    },
    { ...code, symptoms: ['MP4103'] },
  );
  assertFirst(
    ({ west }) => {
      itemOf(west.nodes).zone = '';
      for (const { nodeLocality } of west.proxies) if (nodeLocality) nodeLocality.zone = '';
    },
    { code: 'MP4102', severity: 'info', cluster: 'west' },
  );
  assertFirst(
    ({ west }) => {
      itemOf(west.nodes).region = 'region-moon';
      for (const { nodeLocality } of west.proxies) if (nodeLocality) nodeLocality.region = 'region-moon';
    },
    { code: 'MP4104', severity: 'warning', cluster: 'west' },
  );
});

test('proxies have another locality than their node', () => {
  assertFirst((sample) => reportLocality(sample, { region: '', zone: 'zone-west-a' }), {
    code: 'MP4103',
    severity: 'warning',
    cluster: 'west',
  });
});

test('a gateway endpoint without a locality, although the nodes behind it have one', () => {
  const nameless = ({ west }: BrokenSample) => {
    for (const { upstreams } of west.proxies)
      for (const endpoint of upstreams.flatMap(({ endpoints }) => endpoints))
        if (endpoint.port === 15443) [endpoint.region, endpoint.zone, endpoint.weight] = ['', '', 1];
  };
  assertFirst(nameless, { code: 'MP4105', severity: 'warning', cluster: 'west', peer: 'east' });
  assertFirst(
    (sample) => {
      nameless(sample);
      itemOf(sample.east.nodes).region = '';
      for (const { nodeLocality } of sample.east.proxies) if (nodeLocality) nodeLocality.region = '';
    },
    { code: 'MP4101', cluster: 'east' },
  );
});

test('failover without outlier detection, in both clusters or in one', () => {
  assertFirst((sample) => applyToBoth(sample, rule({ enabled: true, failover })), {
    code: 'MP4201',
    severity: 'warning',
    symptoms: [],
  });
  assertFirst(({ west }) => void west.resources.push(rule({ enabled: true, failover })), {
    code: 'MP4201',
    severity: 'warning',
    cluster: 'west',
    symptoms: ['MP4207'],
  });
});

test('failover with outlier detection does not give a finding', () => {
  assertFirst(
    (sample) => {
      ordered(sample);
      applyToBoth(sample, rule({ enabled: true, failover }, outlier));
      itemOf(sample.west.installs).settings!.trustDomainAliases = ['gone'];
    },
    { code: 'MP1202' },
  );
});

test('maxEjectionPercent cannot eject all; outlier detection that never ejects', () => {
  const well = (sample: BrokenSample, detection: object) => {
    ordered(sample);
    applyToBoth(sample, rule({ enabled: true, failover }, detection));
  };
  assertFirst((sample) => well(sample, { ...outlier, maxEjectionPercent: 50 }), {
    code: 'MP4202',
    severity: 'warning',
  });
  assertFirst((sample) => well(sample, { interval: '1s' }), { code: 'MP4202', severity: 'warning' });
  assertFirst((sample) => well(sample, { ...outlier, consecutive5xxErrors: 0 }), {
    code: 'MP4208',
    severity: 'warning',
  });
  assertFirst((sample) => well(sample, { ...outlier, minHealthPercent: 50 }), {
    code: 'MP4208',
    severity: 'warning',
  });
});

test('distribute together with failover, in a rule and in the mesh settings', () => {
  const distribute = [{ from: 'region-west/*', to: { 'region-west/*': 80, 'region-east/*': 20 } }];
  assertFirst(
    (sample) => {
      ordered(sample);
      applyToBoth(sample, rule({ distribute, failover }, outlier));
    },
    { code: 'MP4203', severity: 'error' },
  );
  assertFirst(
    ({ west }) => {
      itemOf(west.installs).settings!.localityLb = {
        distribute: [{ from: '*', to: { '*': 100 } }],
        failover,
        failoverPriority: [],
      };
    },
    { code: 'MP4203', severity: 'error', cluster: 'west' },
  );
});

test('weights and failover for a region without nodes', () => {
  const nowhere = [{ from: 'region-west/*', to: { 'region-west/*': 80, 'region-moon/*': 20 } }];
  assertFirst((sample) => applyToBoth(sample, rule({ distribute: nowhere })), {
    code: 'MP4204',
    severity: 'warning',
  });
  // Proxies do not have endpoints of localities that are not listed.
  const onlyNear = ({ west }: BrokenSample) => {
    for (const { upstreams } of west.proxies)
      for (const upstream of upstreams.filter(({ host }) => host.startsWith('catalog.')))
        upstream.endpoints = upstream.endpoints.filter(({ port }) => port !== 15443);
  };
  assertFirst(
    (sample) => {
      applyToBoth(sample, rule({ distribute: nowhere }));
      onlyNear(sample);
    },
    { code: 'MP4204', severity: 'error', cluster: 'west', symptoms: ['MP3602'] },
  );
  assertFirst(
    (sample) => {
      ordered(sample);
      applyToBoth(sample, rule({ failover: [{ from: 'region-west', to: 'region-moon' }] }, outlier));
    },
    { code: 'MP4205', severity: 'warning' },
  );
});

test('clients do not have an order of regions', () => {
  assertFirst((sample) => applyToBoth(sample, rule({ enabled: true, failover }, outlier)), {
    code: 'MP4206',
    severity: 'warning',
  });
});

const balancing = { distribute: [], failover: [], failoverPriority: [] };

test('a rule in one cluster only; ejected pods; locality balancing off in one cluster', () => {
  const plain = resource('DestinationRule', 'pool', {
    host: 'catalog',
    trafficPolicy: { connectionPool: { tcp: { maxConnections: 9 } } },
  });
  assertFirst(({ west }) => void west.resources.push(plain), {
    code: 'MP4207',
    severity: 'warning',
    cluster: 'east',
    peer: 'west',
  });
  assertFirst(
    ({ west }) =>
      void (itemOf(
        itemOf(itemOf(west.proxies, ({ type }) => type === 'sidecar').upstreams).endpoints,
      ).ejected = true),
    { code: 'MP4209', severity: 'info' },
  );
  assertFirst(
    ({ west }) => void (itemOf(west.installs).settings!.localityLb = { ...balancing, enabled: false }),
    {
      code: 'MP4210',
      severity: 'warning',
      cluster: 'west',
    },
  );
});
