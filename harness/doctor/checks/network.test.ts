import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterSnapshot, ProbeRecord } from '../../snapshot/schema.ts';
import { applyToBoth, assertFirst, broken, resource, itemOf, type BrokenSample } from '../broken-sample.ts';
import { judge } from '../judge.ts';

const label = 'topology.istio.io/network';
const system = (cluster: ClusterSnapshot) =>
  itemOf(cluster.namespaces, ({ name }) => name === 'istio-system');
const gateway = (cluster: ClusterSnapshot) =>
  itemOf(cluster.services, ({ name }) => name === 'istio-eastwestgateway');
const gatewayPod = (cluster: ClusterSnapshot) =>
  itemOf(cluster.pods, ({ labels }) => labels['istio'] === 'eastwestgateway');
const probe = (cluster: ClusterSnapshot, target: ProbeRecord['target']) =>
  itemOf(cluster.probes, (one) => one.target === target);

/** Changes west as if its istiod does not know the gateway of east. */
const unknown = ({ west }: BrokenSample) => {
  for (const istiod of west.istiods)
    istiod.networks = istiod.networks.filter(({ cluster }) => cluster === 'west');
};
const refused = ({ west }: BrokenSample) =>
  void Object.assign(probe(west, 'eastWestGateway'), { tcp: 'refused', tls: 'notTried', chain: [] });
const reset = ({ west }: BrokenSample) =>
  void Object.assign(probe(west, 'eastWestGateway'), { tls: 'reset', chain: [] });
const deaf = ({ east }: BrokenSample) => {
  for (const proxy of east.proxies) if (proxy.pod.includes('eastwest')) proxy.listeners = [];
};
const all =
  (...breaks: ((sample: BrokenSample) => void)[]) =>
  (sample: BrokenSample) =>
    breaks.forEach((one) => one(sample));

test('the network label is missing, unknown, or the label of another cluster', () => {
  assertFirst(({ east }) => void delete system(east).labels[label], {
    code: 'MP3101',
    severity: 'error',
    cluster: 'east',
  });
  assertFirst(({ east }) => void (system(east).labels[label] = 'nowhere'), {
    code: 'MP3102',
    severity: 'error',
    cluster: 'east',
  });
  const shared = ({ east, west }: BrokenSample) => {
    system(east).labels[label] = 'west-net';
    for (const shard of itemOf(west.istiods).shards)
      if (shard.cluster === 'east') shard.networks = ['west-net'];
  };
  assertFirst(shared, {
    code: 'MP3103',
    severity: 'error',
    cluster: 'east',
    peer: 'west',
    symptoms: ['MP3506'],
  });
});

test('proxies on another network; endpoints without a network', () => {
  // The injector gives a pod the same network in its label and in ISTIO_META_NETWORK.
  const nowhere = ({ east }: BrokenSample) => {
    const pod = itemOf(east.pods, ({ sidecar }) => sidecar);
    pod.labels['topology.istio.io/network'] = 'nowhere';
    pod.proxy!.network = 'nowhere';
  };
  assertFirst(nowhere, { code: 'MP3104', severity: 'error', cluster: 'east' });
  assertFirst(
    ({ west }) =>
      void (itemOf(itemOf(west.istiods).shards, ({ cluster }) => cluster === 'east').networks = ['']),
    { code: 'MP3506', severity: 'error', cluster: 'west', peer: 'east' },
  );
});

test('a cluster without an east-west gateway', () => {
  assertFirst(
    all(
      unknown,
      refused,
      ({ east }) =>
        void (east.services = east.services.filter(({ name }) => name !== 'istio-eastwestgateway')),
    ),
    {
      ...{ code: 'MP3201', severity: 'error', cluster: 'east', symptoms: ['MP3401', 'MP3501'] },
    },
  );
});

test('the gateway Service lacks its label, address, port or pods, or has another network', () => {
  assertFirst(
    all(unknown, ({ east }) => void delete gateway(east).labels[label]),
    { code: 'MP3202', cluster: 'east', symptoms: ['MP3501'] },
  );
  assertFirst(
    all(unknown, ({ east }) => void (gateway(east).labels[label] = 'west-net')),
    { code: 'MP3207', cluster: 'east', symptoms: ['MP3501'] },
  );
  assertFirst(
    all(unknown, ({ east }) => void (gateway(east).external = [])),
    { code: 'MP3203', cluster: 'east', symptoms: ['MP3501'] },
  );
  assertFirst(
    all(unknown, refused, ({ east }) => void (itemOf(gateway(east).ports).port = 443)),
    { code: 'MP3204', cluster: 'east', symptoms: ['MP3401', 'MP3501'] },
  );
  assertFirst(
    all(refused, ({ east }) => void (gatewayPod(east).ready = false)),
    { code: 'MP3205', cluster: 'east', symptoms: ['MP3401'] },
  );
});

test('a gateway with only a host name, and an istiod that does not resolve it', () => {
  assertFirst(
    all(unknown, ({ east, west }) => {
      gateway(east).external = ['gateway.example'];
      itemOf(west.installs).env['RESOLVE_HOSTNAME_GATEWAYS'] = 'false';
    }),
    { code: 'MP3206', severity: 'error', cluster: 'east', symptoms: ['MP3501'] },
  );
});

test('a gateway that forwards to other networks', () => {
  assertFirst(({ east }) => void delete gatewayPod(east).proxy!.requestedNetworkView, {
    code: 'MP3503',
    severity: 'warning',
    cluster: 'east',
  });
});

/** The Gateway that exposes the services of east. */
const exposed = (east: ClusterSnapshot) =>
  itemOf(east.resources, ({ kind }) => kind === 'Gateway').spec as {
    selector: object;
    servers: { port: object; tls: object; hosts: string[] }[];
  };

test('the cross-network Gateway is missing, or has a wrong mode, selector, host or port', () => {
  const shut = ['MP3402', 'MP3502'];
  assertFirst(
    all(reset, deaf, ({ east }) => void (east.resources = [])),
    { code: 'MP3301', cluster: 'east', symptoms: shut },
  );
  assertFirst(
    all(reset, ({ east }) => void (itemOf(exposed(east).servers).tls = { mode: 'PASSTHROUGH' })),
    { code: 'MP3302', cluster: 'east', symptoms: ['MP3402'] },
  );
  assertFirst(
    all(reset, deaf, ({ east }) => void (exposed(east).selector = { istio: 'eastgateway' })),
    { code: 'MP3303', cluster: 'east', symptoms: shut },
  );
  assertFirst(
    all(reset, ({ east }) => void (itemOf(exposed(east).servers).hosts = ['*.global'])),
    { code: 'MP3304', cluster: 'east', symptoms: ['MP3402'] },
  );
  assertFirst(
    ({ east }) =>
      void (itemOf(exposed(east).servers).hosts = [
        '*.other.svc.cluster.local',
        'catalog.meshproof.svc.cluster.local',
      ]),
    { code: 'MP3304', severity: 'warning', cluster: 'east' },
  );
  assertFirst(
    all(
      refused,
      deaf,
      ({ east }) =>
        void (itemOf(exposed(east).servers).port = { number: 15444, name: 'tls', protocol: 'TLS' }),
    ),
    { code: 'MP3305', cluster: 'east', symptoms: ['MP3401', 'MP3502'] },
  );
});

test('15443 or 6443 is blocked', () => {
  assertFirst(
    ({ west }) =>
      void Object.assign(probe(west, 'eastWestGateway'), { tcp: 'timeout', tls: 'notTried', chain: [] }),
    { code: 'MP3401', severity: 'error', cluster: 'west', peer: 'east' },
  );
  assertFirst(
    ({ west }) => {
      Object.assign(probe(west, 'apiServer'), { tcp: 'timeout', tls: 'notTried' });
      itemOf(itemOf(west.istiods).shards, ({ cluster }) => cluster === 'east').addresses.push('10.244.9.9');
    },
    { code: 'MP3404', severity: 'error', cluster: 'west', peer: 'east', symptoms: ['MP2203'] },
  );
});

test('TLS through the gateway fails or has a foreign certificate', () => {
  assertFirst(reset, { code: 'MP3402', severity: 'error', cluster: 'west', peer: 'east' });
  assertFirst(
    ({ west, snapshot }) => {
      const foreign = {
        ...itemOf(snapshot.certificates),
        fingerprint: 'ff',
        subject: 'CN=elb',
        issuer: 'CN=public',
        subjectKeyId: 'x',
        signedBy: [],
      };
      snapshot.certificates.push(foreign);
      probe(west, 'eastWestGateway').chain = ['ff'];
    },
    { code: 'MP3403', severity: 'error', cluster: 'west', peer: 'east' },
  );
});

test('istiod does not know a gateway, or a gateway does not listen, for an unknown reason', () => {
  assertFirst(unknown, { code: 'MP3501', severity: 'error', cluster: 'west', peer: 'east' });
  assertFirst(deaf, { code: 'MP3502', severity: 'error', cluster: 'east' });
});

test('a DestinationRule breaks passthrough', () => {
  const rule = resource('DestinationRule', 'plain', {
    host: 'inventory',
    trafficPolicy: { tls: { mode: 'DISABLE' } },
  });
  assertFirst((sample) => applyToBoth(sample, rule), { code: 'MP3601', severity: 'error' });
  assertFirst(({ west }) => void west.resources.push(rule), {
    code: 'MP3601',
    severity: 'error',
    cluster: 'west',
    symptoms: ['MP4207'],
  });
});

test('clients do not have endpoints of another network', () => {
  assertFirst(
    ({ west }) => {
      for (const proxy of west.proxies)
        for (const upstream of proxy.upstreams)
          upstream.endpoints = upstream.endpoints.filter(({ port }) => port !== 15443);
    },
    { code: 'MP3602', severity: 'error', cluster: 'west', peer: 'east' },
  );
});

test('a NetworkPolicy blocks other networks', () => {
  const closed = resource(
    'NetworkPolicy',
    'closed',
    { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] },
    'istio-system',
  );
  assertFirst(
    all(refused, ({ east }) => void east.resources.push(closed)),
    { code: 'MP3701', severity: 'error', cluster: 'east', symptoms: ['MP3401'] },
  );
});

test('a service without sidecars does not need a certificate', () => {
  const sample = broken(({ west, ...rest }) => {
    reset({ west, ...rest });
    for (const shard of itemOf(west.istiods).shards) if (shard.cluster === 'east') shard.mtls = 0;
  });
  assert.deepEqual(
    judge(sample).causes.map(({ finding }) => finding.code),
    [],
  );
});
