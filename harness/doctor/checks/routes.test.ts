import { test } from 'node:test';
import {
  applyToBoth,
  assertFirst,
  assertNothingAboveInfo,
  resource,
  type BrokenSample,
} from '../broken-sample.ts';

const host = 'catalog.meshproof.svc.cluster.local';
const subsets = [{ name: 'in-east', labels: { 'topology.istio.io/cluster': 'east' } }];
const rule = (spec: Record<string, unknown> = {}, namespace = 'meshproof') =>
  resource('DestinationRule', 'catalog', { host, subsets, ...spec }, namespace);
const routeTo = (http: object[]) => resource('VirtualService', 'catalog', { hosts: [host], http });
const toSubset = routeTo([{ route: [{ destination: { host, subset: 'in-east' } }] }]);
const header = { headers: { 'x-preview': { exact: 'on' } } };

test('subsets by the labels that istiod adds to endpoints: healthy', () => {
  for (const labels of [
    { 'topology.istio.io/cluster': 'east' },
    { 'topology.kubernetes.io/region': 'region-west', 'topology.kubernetes.io/zone': 'zone-west-a' },
    { 'topology.istio.io/network': 'east-net', app: 'catalog' },
  ])
    assertNothingAboveInfo((sample) => {
      applyToBoth(sample, rule({ subsets: [{ name: 'in-east', labels }] }));
      applyToBoth(sample, toSubset);
    });
});

test('a subset without an endpoint: info, warning for some calls, error for all', () => {
  const none = rule({ subsets: [{ name: 'in-east', labels: { 'topology.istio.io/cluster': 'south' } }] });
  assertNothingAboveInfo((sample) => applyToBoth(sample, none));
  const both = (sample: BrokenSample, route: typeof toSubset) => {
    applyToBoth(sample, none);
    applyToBoth(sample, route);
  };
  const some = routeTo([
    { match: [header], route: [{ destination: { host, subset: 'in-east' } }] },
    { route: [{ destination: { host } }] },
  ]);
  assertFirst((sample) => both(sample, some), { code: 'MP6301', severity: 'warning' });
  assertFirst((sample) => both(sample, toSubset), { code: 'MP6301', severity: 'error' });
});

test('a route to a subset that only the other cluster defines: broken', () => {
  assertFirst(
    (sample) => {
      applyToBoth(sample, toSubset);
      sample.east.resources.push(rule());
    },
    { code: 'MP6315', severity: 'error', cluster: 'west', peer: 'east', symptoms: ['MP4207'] },
  );
});

test('a route to a subset that no rule defines for these callers: broken', () => {
  assertFirst((sample) => applyToBoth(sample, toSubset), { code: 'MP6315', severity: 'error' });
  assertFirst(
    (sample) => {
      applyToBoth(sample, toSubset);
      applyToBoth(sample, rule({ exportTo: ['.'] }, 'istio-system'));
    },
    { code: 'MP6315', severity: 'error' },
  );
  // A rule of the callers' own namespace hides that of the root namespace.
  assertFirst(
    (sample) => {
      applyToBoth(sample, toSubset);
      applyToBoth(sample, rule({}, 'istio-system'));
      applyToBoth(sample, rule({ subsets: [] }));
    },
    { code: 'MP6315', severity: 'error' },
  );
});

test('a route to a subset of the root namespace, one with weight 0, one that Envoy has: healthy', () => {
  assertNothingAboveInfo((sample) => {
    applyToBoth(sample, toSubset);
    applyToBoth(sample, rule({}, 'istio-system'));
  });
  assertNothingAboveInfo((sample) =>
    applyToBoth(
      sample,
      routeTo([
        {
          route: [
            { destination: { host, subset: 'in-east' }, weight: 0 },
            { destination: { host }, weight: 100 },
          ],
        },
      ]),
    ),
  );
  assertNothingAboveInfo((sample) => {
    applyToBoth(sample, toSubset);
    for (const { upstreams } of [...sample.west.proxies, ...sample.east.proxies])
      upstreams.push(
        ...upstreams
          .filter((one) => one.host === host && one.subset === '')
          .map((one) => ({ ...structuredClone(one), subset: 'in-east', name: `${one.name} of in-east` })),
      );
  });
});

const entry = (spec: Record<string, unknown> = {}) =>
  resource('ServiceEntry', 'stage', {
    hosts: ['stage.catalog.global'],
    location: 'MESH_INTERNAL',
    resolution: 'DNS',
    ports: [{ name: 'http', number: 80, protocol: 'HTTP' }],
    ...spec,
  });

test('a route to a ServiceEntry that only the other cluster has: broken', () => {
  assertFirst(
    (sample) => {
      applyToBoth(sample, routeTo([{ route: [{ destination: { host: 'stage.catalog.global' } }] }]));
      sample.east.resources.push(entry());
    },
    { code: 'MP6316', severity: 'error', cluster: 'west', peer: 'east', symptoms: ['MP6306'] },
  );
  assertNothingAboveInfo((sample) => {
    applyToBoth(sample, routeTo([{ route: [{ destination: { host: 'stage.catalog.global' } }] }]));
    applyToBoth(sample, entry());
  });
});

test('ServiceEntries with the endpoints, addresses and localities that each cluster sees: healthy', () => {
  assertNothingAboveInfo(({ west, east }) => {
    for (const [cluster, other] of [
      [west, 'east'],
      [east, 'west'],
    ] as const)
      cluster.resources.push(
        entry({
          addresses: [`240.0.${other.length}.1`],
          endpoints: [
            { address: host, locality: `region-${cluster.name}`, ports: { http: 80 } },
            { address: `gateway.${other}.example`, locality: `region-${other}`, ports: { http: 15443 } },
          ],
        }),
      );
  });
});

test('a ServiceEntry with other ports, or in one cluster only: broken; under another name or by DNS: healthy', () => {
  assertFirst(
    ({ west, east }) =>
      void (
        west.resources.push(entry()),
        east.resources.push(entry({ ports: [{ name: 'http', number: 81, protocol: 'HTTP' }] }))
      ),
    { code: 'MP6306', severity: 'warning' },
  );
  assertFirst(({ west }) => void west.resources.push(entry()), {
    code: 'MP6306',
    severity: 'warning',
    cluster: 'east',
  });
  assertNothingAboveInfo(
    ({ west, east }) =>
      void (west.resources.push(entry()), east.resources.push({ ...entry(), name: 'stage-east' })),
  );
  assertNothingAboveInfo(
    ({ west }) => void west.resources.push(entry({ location: 'MESH_EXTERNAL', hosts: ['api.example.com'] })),
  );
});

test('resources in one cluster only, without callers or hosts in the other: healthy', () => {
  const elsewhere = 'front.meshproof.svc.cluster.local';
  assertNothingAboveInfo(({ west }) => {
    west.resources.push(
      resource('DestinationRule', 'front', { host: elsewhere, trafficPolicy: { tls: { mode: 'SIMPLE' } } }),
      resource('VirtualService', 'front', {
        hosts: [elsewhere],
        http: [{ route: [{ destination: { host } }] }],
      }),
      resource('DestinationRule', 'mine', {
        host,
        exportTo: ['istio-system'],
        trafficPolicy: { connectionPool: { tcp: { maxConnections: 9 } } },
      }),
      resource('Sidecar', 'open', { egress: [{ hosts: ['*/*'] }] }),
      resource('Sidecar', 'gone', {
        workloadSelector: { labels: { app: 'gone' } },
        egress: [{ hosts: ['./*'] }],
      }),
    );
  });
});

test('a failover rule in one cluster only: warning for pods in several regions, info for one region', () => {
  const trafficPolicy = {
    loadBalancer: { localityLbSetting: { enabled: true } },
    outlierDetection: { consecutive5xxErrors: 3, maxEjectionPercent: 100 },
  };
  assertFirst(({ west }) => void west.resources.push(rule({ subsets: [], trafficPolicy })), {
    code: 'MP4207',
    severity: 'warning',
    cluster: 'east',
  });
  assertNothingAboveInfo(
    ({ west }) =>
      void west.resources.push(resource('DestinationRule', 'orders', { host: 'orders', trafficPolicy })),
  );
});

test('locality settings that name the callers of each cluster: healthy', () => {
  const own = (from: string, to: string) =>
    rule({
      subsets: [],
      trafficPolicy: {
        loadBalancer: { localityLbSetting: { distribute: [{ from, to: { [from]: 80, [to]: 20 } }] } },
      },
    });
  assertNothingAboveInfo(({ west, east }) => {
    west.resources.push(own('region-west', 'region-east'));
    east.resources.push(own('region-east', 'region-west'));
  });
});

test('a VirtualService that aborts calls in one cluster: broken', () => {
  const abort = { httpStatus: 503, percentage: { value: 50 } };
  assertFirst(
    ({ east }) =>
      void east.resources.push(routeTo([{ fault: { abort }, route: [{ destination: { host } }] }])),
    { code: 'MP6303', severity: 'error', cluster: 'west' },
  );
});

test('a rule that another rule hides does not turn off mutual TLS: healthy', () => {
  assertNothingAboveInfo((sample) => {
    const plain = { host: '*.local', trafficPolicy: { tls: { mode: 'DISABLE' } } };
    applyToBoth(sample, resource('DestinationRule', 'all', plain, 'istio-system'));
    const mutual = { host: '*.svc.cluster.local', trafficPolicy: { tls: { mode: 'ISTIO_MUTUAL' } } };
    applyToBoth(sample, resource('DestinationRule', 'mesh', mutual));
  });
});
