import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord, ServiceRecord } from '../../snapshot/schema.ts';
import {
  assertFirst,
  broken,
  itemOf,
  resource,
  type BrokenSample,
  type SampleCluster,
} from '../broken-sample.ts';
import { judge } from '../judge.ts';
import { assertNothingNew } from '../missing-parts.ts';

const label = 'topology.istio.io/network';
const annotation = 'traffic.istio.io/nodeSelector';
const gateway = ({ services }: SampleCluster) =>
  itemOf(services, ({ name }) => name === 'istio-eastwestgateway');
const gatewayPod = ({ pods }: SampleCluster) =>
  itemOf(pods, ({ labels }) => labels['istio'] === 'eastwestgateway');
const exposing = ({ resources }: SampleCluster) =>
  itemOf(resources, ({ kind, name }) => kind === 'Gateway' && name === 'cross-network-gateway');

type Break = (sample: BrokenSample) => void;
const all =
  (...breaks: Break[]): Break =>
  (sample) =>
    breaks.forEach((one) => one(sample));

/** Changes istiods as if none has a gateway of east. */
const unknown: Break = ({ west, east }) => {
  for (const istiod of [...west.istiods, ...east.istiods])
    istiod.networks = istiod.networks.filter(({ network }) => network !== 'east-net');
};

function assertHealthy(change: Break): void {
  const snapshot = broken(change);
  const above = judge(snapshot).causes.filter(({ finding }) => finding.severity !== 'info');
  assert.deepEqual(
    above.map(({ finding }) => `${finding.code} ${finding.cause}`),
    [],
  );
  assertNothingNew(snapshot, ['services', 'resources', 'istiods', 'probes']);
}

/** The codes and causes above info, with their symptoms. */
const findingsOf = (change: Break) =>
  judge(broken(change)).causes.flatMap(({ finding, symptoms }) =>
    [finding, ...symptoms].filter(({ severity }) => severity !== 'info'),
  );

/** A second gateway Service of east, on another port, that istiods know. */
function secondGateway({ west, east }: BrokenSample, change: Partial<ServiceRecord> = {}): ServiceRecord {
  const second = structuredClone({ ...gateway(east), ...change, name: 'eastwest-b' });
  second.labels['networking.istio.io/gatewayPort'] = '15444';
  second.ports = [{ name: 'tls', port: 15444, protocol: 'TCP', targetPort: 15443 }];
  east.services.push(second);
  for (const { networks } of [...west.istiods, ...east.istiods])
    networks.push({ ...itemOf(networks, ({ network }) => network === 'east-net'), port: 15444 });
  return second;
}

/** A cross-network Gateway of east, younger than the first. */
function secondExposing({ east }: BrokenSample, hosts: string[], port = 15443): ResourceRecord {
  const second = structuredClone(exposing(east));
  Object.assign(second, { name: 'second', createdAt: '2026-11-01T11:30:00.000Z' });
  second.spec['servers'] = [
    { hosts, port: { number: port, name: 'tls', protocol: 'TLS' }, tls: { mode: 'AUTO_PASSTHROUGH' } },
  ];
  east.resources.push(second);
  return second;
}

const hosts = ({ east }: BrokenSample, ...names: string[]): void => {
  Object.assign(itemOf(exposing(east).spec['servers'] as { hosts: string[] }[]), { hosts: names });
};

test('a NodePort gateway without selected nodes is named as the cause', () => {
  const cause = assertFirst(
    all(unknown, ({ east }) => void Object.assign(gateway(east), { type: 'NodePort', external: [] })),
    { code: 'MP3210', severity: 'error', cluster: 'east', symptoms: ['MP3501'] },
  );
  assert.match(cause.finding.remedy, /-n istio-system annotate service istio-eastwestgateway/);
  assertFirst(
    all(unknown, ({ east }) => {
      Object.assign(gateway(east), { type: 'NodePort', external: [] });
      gateway(east).annotations[annotation] = '{"pool":"edge"}';
    }),
    { code: 'MP3211', severity: 'error', cluster: 'east', symptoms: ['MP3501'] },
  );
});

test('a NodePort gateway with selected nodes is healthy', () => {
  assertHealthy(({ west, east }) => {
    Object.assign(gateway(east), { type: 'NodePort', external: [] });
    gateway(east).annotations[annotation] = '{}';
    for (const { networks } of [...west.istiods, ...east.istiods])
      itemOf(networks, ({ network }) => network === 'east-net').port = 31443;
  });
});

test('a gateway that istiod does not use, next to one that it uses, is worth an info', () => {
  assertHealthy((sample) => {
    const spare = structuredClone(gateway(sample.east));
    sample.east.services.push({ ...spare, name: 'spare', external: [] });
  });
});

test('a second gateway without a pod is an error, with and without probes', () => {
  const empty: Break = (sample) => void (secondGateway(sample).selector = { app: 'eastwest-b' });
  const cause = assertFirst(empty, { code: 'MP3205', severity: 'error', cluster: 'east' });
  assert.match(
    cause.finding.cause,
    /eastwest-b of east does not have a pod, so a share of the calls from west/,
  );
  assertFirst(
    all(empty, ({ west }) => void (west.probes = [])),
    { code: 'MP3205', severity: 'error', cluster: 'east' },
  );
  const refused: Break = ({ west }) => {
    const [first] = west.probes.filter(({ target }) => target === 'eastWestGateway');
    west.probes.push({ ...first!, port: 15444, tcp: 'refused', tls: 'notTried', chain: [] });
  };
  assertFirst(all(empty, refused), { code: 'MP3205', cluster: 'east', symptoms: ['MP3401'] });
});

test('a second gateway with the same pods, and a Service without a selector, are healthy', () => {
  assertHealthy((sample) => void secondGateway(sample));
  assertHealthy((sample) => void (secondGateway(sample).selector = {}));
});

test('a Gateway for one of two gateways does not open the other', () => {
  const cause = assertFirst(
    (sample) => {
      const { east } = sample;
      const pod = structuredClone(gatewayPod(east));
      Object.assign(pod, { name: 'eastwest-b-1', labels: { app: 'eastwest-b' } });
      east.pods.push(pod);
      secondGateway(sample).selector = { app: 'eastwest-b' };
    },
    { code: 'MP3303', severity: 'error', cluster: 'east' },
  );
  assert.match(cause.finding.cause, /eastwest-b/);
});

const shop = 'catalog.meshproof.svc.cluster.local';

test('two Gateways that cover the same service on one port are named', () => {
  const twice: Break = (sample) => void secondExposing(sample, ['*.meshproof.svc.cluster.local']);
  assertFirst(twice, { code: 'MP3311', severity: 'warning', cluster: 'east' });
  const rejects: Break = ({ east }) => {
    const pod = gatewayPod(east);
    pod.ready = false;
    const proxy = itemOf(
      east.istiods.flatMap(({ connected }) => connected),
      (one) => one.proxy === `${pod.name}.${pod.namespace}`,
    );
    proxy.rejected = ['LDS: filter chain has the same matching rules defined'];
  };
  assertFirst(all(twice, rejects), {
    ...{ code: 'MP3311', severity: 'error', cluster: 'east', symptoms: ['MP2205', 'MP3205'] },
  });
  // The namespace of a host does not separate its names.
  assertFirst((sample) => void secondExposing(sample, ['./*.local']), { code: 'MP3311', cluster: 'east' });
});

test('two Gateways on one port without a common service, or with equal hosts, are healthy', () => {
  assertHealthy((sample) => {
    hosts(sample, '*.meshproof.svc.cluster.local');
    secondExposing(sample, ['*.shop.svc.cluster.local']);
  });
  assertHealthy((sample) => void secondExposing(sample, ['*.local']));
  assertHealthy((sample) => void secondExposing(sample, ['*/*.local']));
  assertHealthy((sample) => void secondExposing(sample, ['*.local'], 15555));
});

test('istiod drops a server with a host of an older Gateway', () => {
  const cause = assertFirst(
    (sample) => {
      hosts(sample, shop);
      secondExposing(sample, [shop, '*.local']);
    },
    { code: 'MP3304', severity: 'error', cluster: 'east' },
  );
  assert.match(cause.finding.cause, /istiod drops hosts of the Gateway istio-system\/second/);
});

test('hosts in every spelling expose services', () => {
  for (const host of ['*', '*/*', './*.local', 'meshproof/*.meshproof.svc.cluster.local', '*.cluster.local'])
    assert.deepEqual(
      findingsOf((sample) => hosts(sample, host)).map(({ code, cause }) => `${code} ${cause}`),
      [],
      host,
    );
});

/** Another domain in everything that istiods and proxies have. */
const domain: Break = ({ west, east }) => {
  for (const cluster of [west, east]) {
    const changed = JSON.parse(
      JSON.stringify({ istiods: cluster.istiods, proxies: cluster.proxies }).replaceAll(
        'svc.cluster.local',
        'svc.corp.internal',
      ),
    ) as Pick<SampleCluster, 'istiods' | 'proxies'>;
    Object.assign(cluster, changed);
    for (const probe of cluster.probes)
      if (probe.target === 'eastWestGateway') Object.assign(probe, { tls: 'closed', chain: [] });
  }
};

test('in a mesh with its own DNS domain, hosts cover the domain, and a probe for another domain shows nothing', () => {
  const exposed =
    (host: string): Break =>
    ({ west, east }) => {
      for (const cluster of [west, east])
        Object.assign(itemOf(exposing(cluster).spec['servers'] as object[]), { hosts: [host] });
    };
  assertHealthy(all(domain, exposed('*.corp.internal')));
  assertFirst(all(domain, exposed('*.local')), { code: 'MP3304', severity: 'error' });
});

test('hosts may leave out services that other networks do not call', () => {
  const alone: Break = ({ west }) => {
    west.services = west.services.filter(({ name }) => name !== 'inventory');
  };
  const others = ['catalog', 'probe'].map((name) => `${name}.meshproof.svc.cluster.local`);
  const codes = findingsOf(all(alone, (sample) => hosts(sample, ...others))).map(({ code }) => code);
  assert.ok(!codes.includes('MP3304'), codes.join());
  assertFirst((sample) => hosts(sample, ...others), { code: 'MP3304', severity: 'error', cluster: 'east' });
});

/** Probes of west to east, one for each service. */
const probed =
  (results: Record<string, 'completed' | 'closed'>): Break =>
  ({ west }) => {
    const index = west.probes.findIndex(({ target }) => target === 'eastWestGateway');
    const [first] = west.probes.splice(index, 1);
    for (const [name, tls] of Object.entries(results)) {
      const sni = `outbound_.80_._.${name}.meshproof.svc.cluster.local`;
      west.probes.push({ ...first!, sni, tls, chain: tls === 'completed' ? first!.chain : [] });
    }
  };

test('a service that fails does not blame the gateway', () => {
  const one = assertFirst(probed({ catalog: 'completed', inventory: 'closed' }), {
    ...{ code: 'MP3402', severity: 'error', cluster: 'west', peer: 'east' },
  });
  assert.match(one.finding.cause, /to meshproof\/inventory .* while other services answer/);
  const whole = assertFirst(probed({ catalog: 'closed', inventory: 'closed' }), { code: 'MP3402' });
  assert.doesNotMatch(whole.finding.cause, /other services/);
  const codes = findingsOf(
    all(probed({ catalog: 'closed' }), ({ east }) => {
      itemOf(itemOf(east.services, ({ name }) => name === 'catalog').ports).port = 8080;
    }),
  ).map(({ code }) => code);
  assert.ok(!codes.includes('MP3402'), 'the port of the Service is the cause');
});

test('a gateway need not route the host that MCS gives to a service', () => {
  const [usual, second] = ['cluster.local', 'clusterset.local'];
  const codes = findingsOf(
    all(probed({ catalog: 'completed', inventory: 'closed' }), ({ west }) => {
      const probe = itemOf(west.probes, ({ sni = '' }) => sni.includes('.inventory.'));
      probe.sni = probe.sni?.replace(usual, second);
      for (const { shards } of west.istiods)
        shards.push(...shards.map((one) => ({ ...one, host: one.host.replace(usual, second) })));
    }),
  ).map(({ code }) => code);
  assert.ok(!codes.includes('MP3402'), codes.join());
});

test('a service that hosts leave out is the fault of the Gateway', () => {
  assertFirst(
    all(probed({ catalog: 'completed', inventory: 'closed' }), (sample) =>
      hosts(sample, shop, 'probe.meshproof.svc.cluster.local'),
    ),
    { code: 'MP3304', cluster: 'east', symptoms: ['MP3402'] },
  );
});

/** The Kubernetes Gateway `crossnet` of east. */
const kubernetesGateway = (listener: object, name = 'crossnet'): ResourceRecord => ({
  ...resource('Gateway', name, { gatewayClassName: 'istio', listeners: [listener] }, 'istio-system'),
  apiVersion: 'gateway.networking.k8s.io/v1',
  labels: { [label]: 'east-net' },
});

const passing = { name: 'tls', port: 15443, protocol: 'TLS', tls: { mode: 'Passthrough' } };

/** Replaces the gateway of east by a Kubernetes Gateway. */
const replacedBy =
  (listener: object): Break =>
  ({ east }) => {
    const name = { 'gateway.networking.k8s.io/gateway-name': 'crossnet' };
    const pod = gatewayPod(east);
    pod.labels = { ...name };
    Object.assign(gateway(east), { name: 'crossnet-istio', selector: { ...name } });
    Object.assign(itemOf(east.services, (one) => one.name === 'crossnet-istio').labels, name);
    east.resources = east.resources.filter(({ kind }) => kind !== 'Gateway');
    east.resources.push(kubernetesGateway(listener));
  };

test('a Kubernetes Gateway is judged as an Istio Gateway is', () => {
  assertHealthy(replacedBy(passing));
  const option = { ...passing.tls, options: { 'gateway.istio.io/listener-protocol': 'auto-passthrough' } };
  assertHealthy(replacedBy({ ...passing, tls: option }));
  assertFirst(replacedBy({ ...passing, tls: { mode: 'Terminate' } }), {
    ...{ code: 'MP3302', severity: 'error', cluster: 'east' },
  });
  assertFirst(replacedBy({ ...passing, port: 15445, tls: option }), {
    ...{ code: 'MP3305', severity: 'error', cluster: 'east' },
  });
});

test('a Kubernetes Gateway does not excuse an Istio Gateway', () => {
  assertFirst(
    ({ east }) => {
      exposing(east).spec['selector'] = { istio: 'eastgateway' };
      east.resources.push({ ...kubernetesGateway(passing, 'other'), namespace: 'elsewhere' });
    },
    { code: 'MP3303', severity: 'error', cluster: 'east' },
  );
});

test('a Kubernetes Gateway without a Service is named', () => {
  assertFirst(
    all(unknown, ({ east }) => {
      east.services = east.services.filter(({ name }) => name !== 'istio-eastwestgateway');
      east.resources = east.resources.filter(({ kind }) => kind !== 'Gateway');
      east.resources.push(kubernetesGateway(passing));
    }),
    { code: 'MP3212', severity: 'error', cluster: 'east', symptoms: ['MP3501'] },
  );
});

test('a gateway by the address in meshNetworks does not need a label', () => {
  assertHealthy(({ west, east }) => {
    delete gateway(east).labels[label];
    for (const { networks } of [...west.istiods, ...east.istiods])
      itemOf(networks, ({ network }) => network === 'east-net').cluster = '';
  });
});

test('a gateway by its name in meshNetworks does not need a label', () => {
  const registered =
    (registry: string): Break =>
    ({ west, east }) => {
      delete gateway(east).labels[label];
      for (const { installs } of [west, east])
        for (const install of installs)
          install.meshNetworks = {
            'east-net': {
              endpoints: [{ fromRegistry: registry }],
              gateways: [
                { registryServiceName: 'istio-eastwestgateway.istio-system.svc.cluster.local', port: 15443 },
              ],
            },
          };
    };
  assertHealthy(registered('east'));
  assertFirst(all(registered('other'), unknown), { code: 'MP3202', severity: 'error', cluster: 'east' });
});

test('a Kubernetes Gateway of the class istio-remote describes a gateway elsewhere', () => {
  assertHealthy(({ west }) => {
    const remote = kubernetesGateway(passing, 'remote');
    remote.spec['gatewayClassName'] = 'istio-remote';
    remote.spec['addresses'] = [{ type: 'IPAddress', value: '172.30.1.2' }];
    west.resources.push(remote);
  });
});

test('externalIPs give a NodePort gateway its address', () => {
  assertHealthy(({ east }) => void (gateway(east).type = 'NodePort'));
});

test('a Service that names the port of its pods is read', () => {
  const named = (name: string) => (sample: BrokenSample) => {
    itemOf(gateway(sample.east).ports).targetPort = 'cross-network';
    itemOf(gatewayPod(sample.east).containers).ports = [{ name, port: 15443, protocol: 'TCP' }];
  };
  assertHealthy(named('cross-network'));
  assertFirst(named('other'), { code: 'MP3305', severity: 'error', cluster: 'east' });
});

test('the host name of a gateway that istiod does not resolve is named', () => {
  const name: Break = ({ east }) => void (gateway(east).external = ['gateway.example']);
  assertHealthy(name);
  assertFirst(all(name, unknown), {
    ...{ code: 'MP3213', severity: 'error', cluster: 'east', symptoms: ['MP3501'] },
  });
});

test('a Gateway in another namespace selects the gateway only if istiod lets it', () => {
  const elsewhere: Break = ({ east }) => void (exposing(east).namespace = 'platform');
  assertHealthy(elsewhere);
  const scoped: Break = ({ east }) => {
    for (const { env } of east.installs) env['PILOT_SCOPE_GATEWAY_TO_NAMESPACE'] = 'true';
  };
  assertFirst(all(elsewhere, scoped), { code: 'MP3303', severity: 'error', cluster: 'east' });
});

test('a gateway for HBONE only is not judged as a gateway for sidecars, which it does not serve', () => {
  const ambient: Break = ({ west, east }) => {
    gateway(east).ports = [{ name: 'tls-hbone', port: 15008, protocol: 'TCP', targetPort: 15008 }];
    east.resources = east.resources.filter(({ kind }) => kind !== 'Gateway');
    for (const proxy of east.proxies) if (proxy.type === 'gateway') proxy.listeners = [];
    for (const { networks } of [...west.istiods, ...east.istiods])
      itemOf(networks, ({ network }) => network === 'east-net').port = 0;
    west.probes = [];
  };
  assertFirst(ambient, { code: 'MP3204', severity: 'error', cluster: 'east', symptoms: [] });
  const withoutSidecars: Break = ({ west, east }) => {
    for (const pod of [...west.pods, ...east.pods]) pod.sidecar = false;
  };
  const codes = findingsOf(all(ambient, withoutSidecars)).map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code) => /^MP3[2357]/.test(code)),
    [],
  );
});

test('a cluster of clients alone does not need a gateway', () => {
  const clients: Break = ({ snapshot, west, east }) => {
    delete itemOf(snapshot.declared.clusters, ({ name }) => name === 'east').eastWestGateway;
    const called = new Set(east.pods.map(({ labels }) => labels['app']));
    west.services = west.services.filter(({ name }) => !called.has(name) || name.startsWith('istio'));
    east.services = east.services.filter(({ name }) => name !== 'istio-eastwestgateway');
    east.resources = [];
  };
  const codes = findingsOf(all(unknown, clients)).map(({ code }) => code);
  assert.deepEqual(
    codes.filter((code) => /^MP3[2357]/.test(code)),
    [],
  );
});

test('a gateway without pods does not hide a selector that matches nothing', () => {
  const codes = findingsOf(({ east }) => {
    east.pods = east.pods.filter(({ labels }) => labels['istio'] !== 'eastwestgateway');
    exposing(east).spec['selector'] = { istio: 'eastgateway' };
  }).map(({ code }) => code);
  assert.ok(codes.includes('MP3205') && codes.includes('MP3303'), codes.join());
});

test('NetworkPolicies are read in full', () => {
  const policy = (name: string, spec: object) =>
    resource('NetworkPolicy', name, spec as Record<string, unknown>, 'istio-system');
  const deny = policy('default-deny', { podSelector: {}, policyTypes: ['Ingress'] });
  const selected = {
    matchExpressions: [{ key: 'istio', operator: 'In', values: ['eastwestgateway', 'ingressgateway'] }],
  };
  const opened = (ports: object[], podSelector: object = selected): Break => {
    const open = policy('open', { podSelector, policyTypes: ['Ingress'], ingress: [{ ports }] });
    return ({ east }) => void east.resources.push(deny, open);
  };
  const blocks = (change: Break) =>
    judge(broken(all(change, ({ west }) => void (west.probes = [])))).causes.some(
      ({ finding }) => finding.code === 'MP3701' && finding.severity === 'warning',
    );
  assertHealthy(opened([{ protocol: 'TCP', port: 15020, endPort: 15500 }]));
  assert.ok(!blocks(opened([{ protocol: 'TCP', port: 15020, endPort: 15500 }])));
  assert.ok(!blocks(opened([{ port: 15443 }])));
  assert.ok(!blocks(opened([])));
  assert.ok(blocks(opened([{ protocol: 'TCP', port: 15020, endPort: 15442 }])));
  assert.ok(blocks(opened([{ protocol: 'UDP', port: 15443 }])));
  assert.ok(blocks(opened([{ port: 15443 }], { matchLabels: { istio: 'ingressgateway' } })));
  assert.ok(blocks(({ east }) => void east.resources.push(deny)));
  assert.ok(
    !blocks(
      ({ east }) => void east.resources.push(policy('egress', { podSelector: {}, policyTypes: ['Egress'] })),
    ),
  );
  const range: Break = ({ east }) => {
    const ingress = [{ from: [{ ipBlock: { cidr: '10.1.0.0/16' } }], ports: [{ port: 15443 }] }];
    east.resources.push(deny, policy('range', { podSelector: {}, ingress }));
  };
  assertHealthy(range);
  const silent: Break = ({ west }) => {
    for (const probe of west.probes)
      if (probe.target === 'eastWestGateway')
        Object.assign(probe, { tcp: 'timeout', tls: 'notTried', chain: [] });
  };
  assertFirst(all(range, silent), {
    ...{ code: 'MP3701', severity: 'error', cluster: 'east', symptoms: ['MP3401'] },
  });
  // A connection shows that the policy does not block.
  assertHealthy(({ east }) => void east.resources.push(deny));
});
