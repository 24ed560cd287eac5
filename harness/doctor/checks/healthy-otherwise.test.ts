import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleSnapshot } from '../../snapshot/sample/sample.ts';
import type { Snapshot } from '../../snapshot/schema.ts';
import {
  assertFirst,
  assertHealthy,
  broken,
  resource,
  itemOf,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';

const healthy = (change: (sample: BrokenSample) => void): void => assertHealthy(broken(change));
const istiod = ({ istiods }: SampleCluster) => itemOf(istiods);
const gateway = ({ services }: SampleCluster) =>
  itemOf(services, ({ name }) => name === 'istio-eastwestgateway');

test('the Gateway of its primary exposes a remote cluster', () => {
  const remote = ({ snapshot, east }: BrokenSample) => {
    itemOf(snapshot.declared.clusters, ({ name }) => name === 'east').role = 'remote';
    east.installs = east.installs.map((one) => ({ ...one, istiod: false }));
    east.resources = [];
    east.istiods = [];
  };
  const codes = judge(broken(remote)).causes.map(({ finding }) => finding.code);
  assert.ok(!codes.includes('MP3301'), codes.join());
});

test('the cluster of an external control plane is not part of the mesh, and its kubeconfig is not a remote secret', () => {
  const snapshot = sampleSnapshot(['control', 'data']);
  const [control, data] = snapshot.clusters as [SampleCluster, SampleCluster];
  const declared = (wanted: string) => itemOf(snapshot.declared.clusters, ({ name }) => name === wanted);
  Object.assign(declared('control'), { role: 'external', eastWestGateway: undefined });
  Object.assign(declared('data'), { role: 'remote', eastWestGateway: undefined });
  const away = { workloads: [], resources: [], proxies: [], probes: [] };
  Object.assign(control, { ...away, readerAccess: [] });
  control.pods = control.pods.filter(({ labels }) => labels['app'] === 'istiod');
  control.services = control.services.filter(({ name }) => name === 'istiod');
  itemOf(control.installs).clusterName = 'data';
  Object.assign(itemOf(control.remoteSecrets), { name: 'istio-kubeconfig', cluster: 'config' });
  const own = istiod(control);
  own.clusters = [{ id: 'data', secret: '', syncStatus: 'synced' }];
  Object.assign(own, { networks: [], shards: own.shards.filter(({ cluster }) => cluster === 'data') });
  own.connected = data.istiods.flatMap(({ connected }) => connected);
  Object.assign(data, { remoteSecrets: [], readerAccess: [], probes: [], istiods: [], resources: [] });
  data.services = data.services.filter(({ name }) => !name.startsWith('istio-'));
  data.pods = data.pods.filter(({ labels }) => labels['istio'] === undefined && labels['app'] !== 'istiod');
  data.installs = data.installs.map((one) => ({ ...one, istiod: false }));
  assertHealthy(snapshot);
  itemOf(control.remoteSecrets).server = 'https://behind-a-balancer.example';
  assertHealthy(snapshot);
});

test('two clusters on one network share the gateway of one cluster', () => {
  const snapshot = sampleSnapshot(['west', 'north', 'east']);
  const north = itemOf(snapshot.clusters, ({ name }) => name === 'north');
  const declared = itemOf(snapshot.declared.clusters, ({ name }) => name === 'north');
  declared.network = 'west-net';
  delete declared.eastWestGateway;
  north.services = north.services.filter(({ name }) => name !== 'istio-eastwestgateway');
  north.resources = [];
  const codes = judge(snapshot).causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);
  assert.deepEqual(
    codes.filter(({ code }) => ['MP3201', 'MP3301'].includes(code)),
    [],
  );
});

test('replicas of istiod may resolve the host name of a load balancer to different addresses', () => {
  healthy(({ west, east }) => {
    gateway(east).external = ['a1b2.elb.example.com'];
    const other = structuredClone(istiod(west));
    const at = itemOf(other.networks, ({ network }) => network === 'east-net');
    at.address = '172.30.1.99';
    west.istiods.push({ ...other, pod: 'istiod-2' });
  });
});

test('in a canary upgrade, proxies have the version of their own istiod', () => {
  healthy(({ west, east }) => {
    for (const cluster of [west, east]) {
      const stable = istiod(cluster);
      const canary = structuredClone(stable);
      const moved = canary.connected.splice(1);
      stable.connected = moved;
      for (const one of canary.connected) one.version = '1.32.0';
      for (const one of moved) one.version = '1.31.0';
      stable.version = '1.31.0';
      cluster.istiods.push({ ...canary, pod: 'istiod-canary', revision: 'canary', version: '1.32.0' });
    }
  });
});

test('pods that change while istiods are read are not stale endpoints', () => {
  const moved = ({ west, east }: BrokenSample) => {
    const shard = itemOf(
      istiod(west).shards,
      ({ host, cluster }) => host.startsWith('catalog.') && cluster === 'east',
    );
    shard.addresses = [...shard.addresses, '10.244.9.9'];
    const pod = itemOf(east.pods, ({ labels }) => labels['app'] === 'catalog');
    pod.createdAt = '2026-11-01T11:59:50.000Z';
  };
  healthy(moved);
  assertFirst(
    ({ west }) => {
      const shard = itemOf(
        istiod(west).shards,
        ({ host, cluster }) => host.startsWith('catalog.') && cluster === 'east',
      );
      shard.addresses = [...shard.addresses, '10.244.9.9'];
    },
    { code: 'MP2203', cluster: 'west', peer: 'east' },
  );
});

test('pods that change, and Services without ports, are not missing endpoints', () => {
  const ofCatalog = ({ name }: { name: string }) => name === 'catalog';
  const lacking = (change: (east: SampleCluster) => void) => {
    const snapshot = broken(({ west, east }) => {
      for (const one of istiod(west).shards)
        if (one.host.startsWith('catalog.') && one.cluster === 'east') one.addresses = [];
      change(east);
    });
    return judge(snapshot).causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);
  };
  const lacks = (change: (east: SampleCluster) => void) =>
    lacking(change).some(({ code }) => code === 'MP2204');
  assert.ok(lacks(() => undefined));
  assert.ok(!lacks(({ workloads }) => void (itemOf(workloads, ofCatalog).updated = 1)));
  assert.ok(!lacks(({ services }) => void (itemOf(services, ofCatalog).ports = [])));
});

test('headless and node-local Services do not have endpoints in other networks', () => {
  for (const change of [{ headless: true }, { internalTrafficPolicy: 'Local' }])
    healthy(({ west, east }) => {
      for (const cluster of [west, east])
        Object.assign(
          itemOf(cluster.services, ({ name }) => name === 'catalog'),
          change,
        );
      for (const { upstreams } of west.proxies)
        for (const upstream of upstreams)
          if (upstream.host.startsWith('catalog.'))
            upstream.endpoints = upstream.endpoints.filter(({ address }) => !address.startsWith('172.'));
    });
});

test('localities that weights do not list do not have endpoints', () => {
  const near = { 'region-west/*': 100 };
  const ruleOf = (distribute: object[]) =>
    resource('DestinationRule', 'weights', {
      host: '*.meshproof.svc.cluster.local',
      trafficPolicy: { loadBalancer: { localityLbSetting: { distribute } } },
    });
  const lacks = (change: (west: SampleCluster) => void) =>
    judge(
      broken(({ west }) => {
        for (const { upstreams } of west.proxies)
          for (const upstream of upstreams)
            upstream.endpoints = upstream.endpoints.filter(({ address }) => !address.startsWith('172.'));
        change(west);
      }),
    ).causes.some(({ finding, symptoms }) => [finding, ...symptoms].some(({ code }) => code === 'MP3602'));
  const rule = (distribute: object[]) => (west: SampleCluster) =>
    void west.resources.push(ruleOf(distribute));
  assert.ok(!lacks(rule([{ from: 'region-west/*', to: near }])));
  assert.ok(lacks(rule([{ from: 'region-west/*', to: { ...near, 'region-east/*': 1 } }])));
  assert.ok(lacks(rule([{ from: 'region-east/*', to: near }])));
  assert.ok(lacks(rule([{ from: 'region-west/*', to: { 'region-moon/*': 100 } }])));
  const settings = (distribute: { from: string; to: Record<string, number> }[]) => (west: SampleCluster) =>
    void (itemOf(west.installs).settings!.localityLb = { distribute, failover: [], failoverPriority: [] });
  assert.ok(!lacks(settings([{ from: '*', to: near }])));
  assert.ok(lacks(settings([{ from: '*', to: { '*': 100 } }])));
  // The setting of a rule replaces the setting of the mesh.
  assert.ok(
    lacks((west) => {
      settings([{ from: '*', to: near }])(west);
      rule([])(west);
    }),
  );
});

test('the namespace default has a Service but not a pod', () => {
  healthy(({ west }) => {
    itemOf(west.namespaces, ({ name }) => name === 'default').labels['istio-injection'] = 'enabled';
  });
});

test('an ambient namespace does not need sidecars', () => {
  const codes = judge(
    broken(({ east }) => {
      const { labels } = itemOf(east.namespaces, ({ name }) => name === 'meshproof');
      delete labels['istio-injection'];
      labels['istio.io/dataplane-mode'] = 'ambient';
    }),
  ).causes.map(({ finding }) => finding.code);
  assert.ok(!codes.includes('MP6101'), codes.join());
});

test('an authority with a lifetime of a few weeks does not expire soon', () => {
  const short = (end: string) => (sample: BrokenSample) => {
    for (const one of sample.snapshot.certificates)
      if (one.isCa && !one.selfSigned)
        Object.assign(one, { notBefore: '2026-10-25T12:00:00.000Z', notAfter: end });
  };
  healthy(short('2026-11-08T12:00:00.000Z'));
  assertFirst(short('2026-11-02T12:00:00.000Z'), { code: 'MP1104', severity: 'warning' });
});

test('an authority that istiod created is ignored if another CA signs', () => {
  healthy(({ west, east }) => {
    for (const cluster of [west, east]) {
      for (const install of cluster.installs) install.env['ENABLE_CA_SERVER'] = 'false';
      cluster.authorities = cluster.authorities.map((one) => ({
        ...one,
        secret: 'istio-ca-secret',
        roots: [],
      }));
    }
  });
});

test('an authority that istiod created is ignored if Kubernetes signs', () => {
  healthy(({ west, east }) => {
    for (const cluster of [west, east]) {
      for (const install of cluster.installs)
        Object.assign(install.env, {
          EXTERNAL_CA: 'ISTIOD_RA_KUBERNETES_API',
          PILOT_CERT_PROVIDER: 'k8s.io/clusterissuers.cert-manager.io/mesh',
        });
      cluster.authorities = cluster.authorities.map((one) => ({
        ...one,
        secret: 'istio-ca-secret',
        roots: [],
      }));
    }
  });
});

test('istiods that do not validate trust domains do not need aliases', () => {
  const domains = ({ west, east }: BrokenSample) => {
    for (const cluster of [west, east])
      for (const install of cluster.installs) install.env['PILOT_SKIP_VALIDATE_TRUST_DOMAIN'] = 'true';
    for (const install of east.installs) if (install.settings) install.settings.trustDomain = 'east.example';
  };
  const codes = judge(broken(domains)).causes.map(({ finding }) => finding.code);
  assert.ok(!codes.includes('MP1201'), codes.join());
});

test('an API server that the local machine cannot reach may be reachable for istiod', () => {
  const away = (synced: boolean) => (sample: BrokenSample) => {
    const { west } = sample;
    west.probes = [];
    itemOf(west.remoteSecrets).server = 'https://10.1.2.3:443';
    itemOf(west.readerAccess).namedServer = 'unreachable';
    if (!synced) for (const one of istiod(west).clusters) if (one.id === 'east') one.syncStatus = 'syncing';
  };
  healthy(away(true));
  const causes = judge(broken(away(false))).causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);
  assert.ok(
    causes.some(({ code }) => code === 'MP2107' || code === 'MP2202'),
    'a cluster that istiod has not synced is still reported',
  );
});

test('API servers with the same host are distinguished by port', () => {
  const behind = (port: number) => (sample: BrokenSample) => {
    const { west, east } = sample;
    west.apiServer!.url = 'https://rancher.example:1001';
    east.apiServer!.url = 'https://rancher.example:1002';
    itemOf(west.remoteSecrets).server = `https://rancher.example:${port}`;
  };
  healthy(behind(1002));
  const codes = judge(broken(behind(1001))).causes.map(({ finding }) => finding.code);
  assert.ok(codes.includes('MP2105'), codes.join());
});

test('a remedy has the contexts of the kubeconfig', () => {
  const { causes } = judge(
    broken(({ snapshot, east }) => {
      itemOf(snapshot.declared.clusters, ({ name }) => name === 'east').context = 'prod-east';
      delete itemOf(east.namespaces, ({ name }) => name === 'istio-system').labels[
        'topology.istio.io/network'
      ];
    }),
  );
  assert.match(causes[0]?.finding.remedy ?? '', /--context prod-east /);
});

test('a primary does not read the cluster of an external control plane, only the cluster of its workloads', () => {
  const snapshot = sampleSnapshot(['west', 'east', 'control']);
  itemOf(snapshot.declared.clusters, ({ name }) => name === 'control').role = 'external';
  for (const { remoteSecrets, istiods } of snapshot.clusters as SampleCluster[]) {
    remoteSecrets.splice(0, Infinity, ...remoteSecrets.filter(({ cluster }) => cluster !== 'control'));
    for (const one of istiods) one.clusters = one.clusters.filter(({ id }) => id !== 'control');
  }
  const codes = judge(snapshot).causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);
  assert.deepEqual(
    codes.filter(({ code }) => ['MP2101', 'MP2202'].includes(code)).map(({ cause }) => cause),
    [],
  );
});

test('a label may place pods on another network than their cluster', () => {
  const label = 'topology.istio.io/network';
  const moved = (network: string, change: (sample: BrokenSample) => void = () => undefined) =>
    broken((sample) => {
      const { west, east } = sample;
      for (const pod of east.pods.filter(({ labels }) => labels['app'] === 'catalog')) {
        pod.labels[label] = network;
        pod.proxy!.network = network;
      }
      for (const { shards } of [istiod(west), istiod(east)])
        for (const shard of shards)
          if (shard.host.startsWith('catalog.') && shard.cluster === 'east') shard.networks = [network];
      change(sample);
    });
  const codes = (snapshot: Snapshot) =>
    judge(snapshot)
      .causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms])
      .filter(({ code }) => code === 'MP3104' || code === 'MP3506');
  assert.deepEqual(codes(moved('west-net')), []);
  const gated = ({ east }: BrokenSample) => {
    const own = structuredClone(gateway(east));
    own.labels[label] = 'machines';
    east.services.push({ ...own, name: 'machines-gateway' });
  };
  assert.deepEqual(codes(moved('machines', gated)), []);
  assert.deepEqual(
    codes(moved('nowhere'))
      .map(({ code }) => code)
      .toSorted(),
    ['MP3104', 'MP3506', 'MP3506'],
  );
});
