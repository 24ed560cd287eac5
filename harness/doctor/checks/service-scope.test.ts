import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../finding.ts';
import {
  assertFirst,
  broken,
  itemOf,
  resource,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';

type Break = (sample: BrokenSample) => void;

const findingsOf = (breakIt: Break): Finding[] =>
  judge(broken(breakIt)).causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);

/** Asserts that a mesh gives nothing above info. */
function assertHealthy(breakIt: Break): void {
  const above = findingsOf(breakIt).filter(({ severity }) => severity !== 'info');
  assert.deepEqual(
    above.map(({ code, cause }) => `${code} ${cause}`),
    [],
  );
}

/** Removes the endpoints of services on other networks from the proxies of a cluster. */
const withoutRemote = ({ proxies }: SampleCluster, ...names: string[]): void => {
  for (const { upstreams } of proxies)
    for (const upstream of upstreams)
      if (names.length === 0 || names.some((name) => upstream.host.startsWith(`${name}.`)))
        upstream.endpoints = upstream.endpoints.filter(({ address }) => !address.startsWith('172.'));
};

const settingsOf = (cluster: SampleCluster) => itemOf(cluster.installs).settings!;
const serviceOf = (cluster: SampleCluster, wanted: string) =>
  itemOf(cluster.services, ({ name }) => name === wanted);

const keepAll = (cluster: SampleCluster) => {
  settingsOf(cluster).serviceSettings = [{ clusterLocal: true, hosts: ['*'] }];
  withoutRemote(cluster);
};

test('broken: one cluster keeps every service inside itself', () => {
  const { finding } = assertFirst(({ west }) => keepAll(west), {
    code: 'MP6305',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
  assert.match(finding.cause, /callers in west cannot reach meshproof\/inventory/);
});

test('healthy: all clusters keep a namespace inside themselves, with an exception', () => {
  assertHealthy(({ west, east }) => {
    for (const cluster of [west, east]) {
      settingsOf(cluster).serviceSettings = [
        { clusterLocal: true, hosts: ['*.meshproof.svc.cluster.local'] },
        { clusterLocal: false, hosts: ['catalog.meshproof.svc.cluster.local'] },
      ];
      withoutRemote(cluster, 'inventory', 'orders', 'webapp', 'probe');
    }
  });
});

const switchMcs = (cluster: SampleCluster) => {
  Object.assign(itemOf(cluster.installs).env, {
    ENABLE_MCS_SERVICE_DISCOVERY: 'true',
    ENABLE_MCS_CLUSTER_LOCAL: 'true',
  });
  withoutRemote(cluster);
};

test('healthy: MCS keeps services in their clusters; broken: in one cluster only', () => {
  assertHealthy(({ west, east }) => [west, east].forEach(switchMcs));
  assertFirst(({ west }) => switchMcs(west), { code: 'MP6305', severity: 'error', cluster: 'west' });
});

/** West selects namespaces by a label, which all its namespaces have, and in east only the given ones. */
const select = ({ west, east }: BrokenSample, ...labelled: string[]) => {
  settingsOf(west).discoverySelectors = [{ matchLabels: { mesh: 'prod' }, matchExpressions: [] }];
  for (const one of west.namespaces) one.labels['mesh'] = 'prod';
  for (const one of east.namespaces) if (labelled.includes(one.name)) one.labels['mesh'] = 'prod';
};
const istiodOf = (cluster: SampleCluster) => itemOf(cluster.istiods);

test('broken: selectors of the reader hide a namespace of the other cluster', () => {
  const { finding } = assertFirst(
    (sample) => {
      select(sample, 'istio-system');
      const istiod = istiodOf(sample.west);
      istiod.shards = istiod.shards.filter(
        ({ cluster, namespace }) => cluster === 'west' || namespace !== 'meshproof',
      );
      withoutRemote(sample.west);
    },
    { code: 'MP2221', severity: 'error', cluster: 'west', peer: 'east' },
  );
  assert.match(finding.cause, /selectors of west hide the namespace meshproof of east/);
  assert.equal(finding.remedy.includes('label namespace meshproof mesh=prod'), true, finding.remedy);
});

test('broken: selectors of the reader hide the gateway of the other cluster', () => {
  assertFirst(
    (sample) => {
      select(sample, 'meshproof');
      const istiod = istiodOf(sample.west);
      istiod.networks = istiod.networks.filter(({ cluster }) => cluster === 'west');
    },
    { code: 'MP2220', severity: 'error', cluster: 'west', peer: 'east', symptoms: ['MP3501'] },
  );
});

test('healthy: selectors of the reader hide a namespace that its cluster does not have', () => {
  assertHealthy((sample) => {
    select(sample, 'istio-system', 'meshproof');
    const { east } = sample;
    east.namespaces.push({ ...structuredClone(itemOf(east.namespaces)), name: 'batch', labels: {} });
    for (const list of [east.pods, east.services] as { name: string; namespace: string }[][])
      list.push({
        ...structuredClone(itemOf(list, ({ name }) => name.startsWith('inventory'))),
        namespace: 'batch',
      });
    const shard = itemOf(istiodOf(east).shards, ({ host }) => host.startsWith('inventory.'));
    istiodOf(east).shards.push({ ...shard, host: 'inventory.batch.svc.cluster.local', namespace: 'batch' });
    const proxy = itemOf(istiodOf(east).connected, (one) => one.proxy.startsWith('inventory'));
    istiodOf(east).connected.push({ ...proxy, proxy: 'inventory-1.batch' });
  });
});

/** Removes the sidecars of a service's pods in east on purpose; the istiods see that. */
const plain = ({ west, east }: BrokenSample, name: string) => {
  for (const pod of east.pods)
    if (pod.labels['app'] === name) {
      pod.sidecar = false;
      delete pod.proxy;
      pod.labels['sidecar.istio.io/inject'] = 'false';
    }
  for (const { istiods } of [west, east])
    for (const shard of istiods.flatMap(({ shards }) => shards))
      if (shard.cluster === 'east' && shard.host.startsWith(`${name}.`)) shard.mtls = 0;
  east.proxies = east.proxies.filter(({ pod }) => !pod.startsWith(name));
  withoutRemote(west, name);
};

test('broken: the only pods of a service are on another network and have no sidecar', () => {
  const { finding } = assertFirst((sample) => plain(sample, 'inventory'), {
    code: 'MP6210',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
  assert.match(JSON.stringify(finding.evidence), /orders-1/);
});

test('healthy: pods without a sidecar where callers have own pods, no Service, or the same network', () => {
  const silent = (breakIt: Break) =>
    assert.deepEqual(
      findingsOf(breakIt)
        .filter(({ code }) => code === 'MP6210')
        .map(({ cause, severity }) => `${severity} ${cause}`),
      [],
    );
  silent((sample) => plain(sample, 'catalog'));
  silent((sample) => {
    plain(sample, 'inventory');
    sample.west.services = sample.west.services.filter(({ name }) => name !== 'inventory');
  });
  silent((sample) => {
    plain(sample, 'inventory');
    istiodOf(sample.west).networks = [];
  });
});

const headless = ({ west, east }: BrokenSample, name: string) => {
  for (const cluster of [west, east]) serviceOf(cluster, name).headless = true;
  withoutRemote(west, name);
  withoutRemote(east, name);
};

test('broken: a headless Service without pods in the cluster of its callers', () => {
  assertFirst((sample) => headless(sample, 'inventory'), {
    code: 'MP6211',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
  // Headless in one cluster only: the type is the cause, and all calls there fail.
  assertFirst(
    ({ west }) => {
      serviceOf(west, 'inventory').headless = true;
      withoutRemote(west, 'inventory');
    },
    { code: 'MP6205', severity: 'error', symptoms: ['MP6211'] },
  );
});

test('healthy: a headless Service with own pods, or beside a Service for the same pods', () => {
  assertHealthy((sample) => headless(sample, 'catalog'));
  assertHealthy(({ west, east }) => {
    for (const cluster of [west, east])
      cluster.services.push({
        ...structuredClone(serviceOf(cluster, 'inventory')),
        name: 'inventory-peers',
        headless: true,
      });
    for (const { istiods } of [west, east])
      for (const istiod of istiods) {
        const shard = itemOf(istiod.shards, ({ host }) => host.startsWith('inventory.'));
        istiod.shards.push({ ...shard, host: 'inventory-peers.meshproof.svc.cluster.local' });
      }
  });
});

const exportTo = ({ west, east }: BrokenSample, to: string) => {
  for (const cluster of [west, east])
    serviceOf(cluster, 'catalog').annotations['networking.istio.io/exportTo'] = to;
  for (const proxy of east.proxies)
    proxy.upstreams = proxy.upstreams.filter(({ name }) => !name.startsWith('outbound_.80_._.catalog.'));
};

test('broken: exportTo hides a Service from its gateway; healthy: the gateway is in exportTo', () => {
  const hidden = findingsOf((sample) => {
    exportTo(sample, '.');
    for (const proxy of sample.east.proxies)
      proxy.upstreams = proxy.upstreams.filter(({ name }) => !/^outbound_\..*catalog\./.test(name));
  }).filter(({ code }) => code === 'MP3610');
  assert.deepEqual(
    hidden.map(({ severity, cluster, peer }) => [severity, cluster, peer]),
    [['error', 'east', 'west']],
  );
  assertHealthy((sample) => exportTo(sample, '.,istio-system'));
});

/** The Service of a team is missing in west. */
const missing = ({ snapshot, west }: BrokenSample) => {
  const { declared } = snapshot;
  declared.services = declared.services.filter(({ name }) => name !== 'inventory');
  west.services = west.services.filter(({ name }) => name !== 'inventory');
};

test("broken: a team's Service is missing in the cluster of its callers", () => {
  assertFirst(missing, { code: 'MP6201', severity: 'warning', cluster: 'west', peer: 'east' });
});

test('healthy: a Service is missing where sidecars answer DNS, or callers do not need it', () => {
  assertHealthy((sample) => {
    missing(sample);
    settingsOf(sample.west).proxyMetadata = { ISTIO_META_DNS_CAPTURE: 'true' };
  });
  assertHealthy((sample) => {
    missing(sample);
    for (const { proxy } of sample.west.pods) if (proxy) proxy.dnsCapture = true;
  });
  const egress = [{ hosts: ['./catalog.meshproof.svc.cluster.local', 'istio-system/*'] }];
  const hidden = (sample: BrokenSample) => {
    missing(sample);
    for (const cluster of [sample.west, sample.east])
      cluster.resources.push(resource('Sidecar', 'default', { egress }));
  };
  assert.ok(!findingsOf(hidden).some(({ code }) => code === 'MP6201'));
  // A rule of the cluster with the pods replaces Istio's mutual TLS.
  const own = findingsOf((sample) => {
    missing(sample);
    const spec = { host: 'inventory', trafficPolicy: { tls: { mode: 'SIMPLE' } } };
    sample.east.resources.push(resource('DestinationRule', 'own', spec));
  }).filter(({ code }) => code === 'MP6201');
  assert.deepEqual(
    own.map(({ severity }) => severity),
    ['info'],
  );
});

test('healthy: an additional port in one cluster; broken: callers there do not have own pods', () => {
  const severityOf = (name: string) =>
    findingsOf(({ west }) => {
      const { ports } = serviceOf(west, name);
      ports.push({ ...structuredClone(itemOf(ports)), name: 'http-metrics', port: 9100 });
    }).find(({ code }) => code === 'MP6202')?.severity;
  assert.equal(severityOf('catalog'), 'info');
  assert.equal(severityOf('inventory'), 'error');
});

test('an istiod or a proxy that started a moment ago is settling', () => {
  const severitiesOf = (change: Break) =>
    findingsOf((sample) => {
      withoutRemote(sample.west, 'inventory');
      change(sample);
    })
      .filter(({ code }) => code === 'MP3602')
      .map(({ severity }) => severity);
  assert.deepEqual(
    severitiesOf(() => undefined),
    ['error'],
  );
  const young = '2026-11-01T11:59:50.000Z';
  assert.deepEqual(
    severitiesOf(({ west }) => void (itemOf(west.pods, ({ name }) => name === 'istiod-1').createdAt = young)),
    ['info'],
  );
  const behind = (oldestStaleMs: number) =>
    severitiesOf(({ west }) => {
      for (const one of istiodOf(west).connected) Object.assign(one, { stale: ['EDS'], oldestStaleMs });
    });
  assert.deepEqual(behind(2000), ['info']);
  assert.deepEqual(behind(600_000), ['error']);
});
