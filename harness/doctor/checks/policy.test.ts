import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ResourceRecord } from '../../snapshot/schema.ts';
import { applyToBoth, assertFirst, broken, resource, itemOf, type BrokenSample } from '../broken-sample.ts';
import { judge } from '../judge.ts';

const catalog = { selector: { matchLabels: { app: 'catalog' } } };
const peer = (mode: string) => resource('PeerAuthentication', 'catalog', { ...catalog, mtls: { mode } });
const allow = resource('AuthorizationPolicy', 'callers', {
  ...catalog,
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/meshproof/sa/webapp'] } }] }],
});

test('policies in one cluster only, or with differences', () => {
  assertFirst(({ west }) => void west.resources.push(peer('STRICT')), {
    code: 'MP5101',
    severity: 'warning',
    cluster: 'east',
    peer: 'west',
  });
  assertFirst(({ east }) => void east.resources.push(allow), {
    code: 'MP5102',
    severity: 'warning',
    cluster: 'west',
    peer: 'east',
  });
  assertFirst(
    ({ west, east }) =>
      void (
        west.resources.push(allow),
        east.resources.push({ ...allow, spec: { ...allow.spec, action: 'DENY' } })
      ),
    { code: 'MP5102', severity: 'error' },
  );
  const token = resource('RequestAuthentication', 'tokens', { ...catalog, jwtRules: [{ issuer: 'me' }] });
  assertFirst(({ west }) => void west.resources.push(token), {
    code: 'MP5103',
    severity: 'warning',
    cluster: 'east',
  });
});

test('a policy for a workload of one cluster is an info', () => {
  const orders = resource('AuthorizationPolicy', 'orders', {
    selector: { matchLabels: { app: 'orders' } },
    rules: [{}],
  });
  assertFirst(({ west }) => void west.resources.push(orders), { code: 'MP5102', severity: 'info' });
});

test('mesh settings that allow more calls in one cluster', () => {
  assertFirst(({ east }) => void (itemOf(east.installs).settings!.outboundTrafficPolicy = 'REGISTRY_ONLY'), {
    code: 'MP5104',
    severity: 'warning',
    cluster: 'east',
    peer: 'west',
  });
});

test('mutual TLS is off although a policy needs it', () => {
  assertFirst(
    (sample) => {
      applyToBoth(sample, allow);
      sample.west.resources.push(peer('DISABLE'));
    },
    { code: 'MP5201', severity: 'error', cluster: 'west', symptoms: ['MP5101', 'MP5202'] },
  );
});

test('mutual TLS is off for a service that other networks call', () => {
  assertFirst((sample) => applyToBoth(sample, peer('DISABLE')), { code: 'MP5202', severity: 'error' });
});

test('a narrower policy overrides a wider policy', () => {
  assertFirst(
    (sample) => {
      applyToBoth(
        sample,
        resource('PeerAuthentication', 'default', { mtls: { mode: 'DISABLE' } }, 'istio-system'),
      );
      for (const name of ['default'])
        applyToBoth(sample, resource('PeerAuthentication', name, { mtls: { mode: 'STRICT' } }));
      itemOf(sample.west.installs).settings!.trustDomainAliases = ['gone'];
    },
    { code: 'MP1202' },
  );
});

/** Places both clusters on one network. */
const onOneNetwork = ({ snapshot }: BrokenSample) => {
  for (const one of snapshot.declared.clusters) one.network = 'west-net';
  for (const cluster of snapshot.clusters) {
    for (const { labels } of [...cluster.namespaces, ...cluster.services, ...cluster.pods])
      if (labels['topology.istio.io/network'] !== undefined) labels['topology.istio.io/network'] = 'west-net';
  }
};
const plain = (trafficPolicy: object) =>
  resource('DestinationRule', 'plain', { host: 'catalog', trafficPolicy });
const plainPort = (number: number) =>
  plain({ portLevelSettings: [{ port: { number }, tls: { mode: 'DISABLE' } }] });
/** A STRICT policy of catalog with another mode for one port. */
const openPort = (port: number, modes = ['STRICT', 'DISABLE']) =>
  resource('PeerAuthentication', 'catalog', {
    ...catalog,
    mtls: { mode: modes[0] },
    portLevelMtls: { [port]: { mode: modes[1] } },
  });

test('plain text to pods that reject it, on one network', () => {
  const refused = (policy: ResourceRecord, rule: ResourceRecord) =>
    assertFirst(
      (sample) => {
        onOneNetwork(sample);
        applyToBoth(sample, policy);
        applyToBoth(sample, rule);
      },
      { code: 'MP5203', severity: 'error' },
    );
  refused(peer('STRICT'), plain({ tls: { mode: 'DISABLE' } }));
  refused(peer('STRICT'), plainPort(80));
  // Another port of the pod is open.
  refused(openPort(9000), plainPort(80));
  refused(openPort(9000), plain({ tls: { mode: 'DISABLE' } }));
  refused(openPort(8080, ['UNSET', 'STRICT']), plainPort(80));
});

test('plain text to a port that accepts it does not give an error', () => {
  const codes = (rule: ResourceRecord, policy: ResourceRecord, change: (sample: BrokenSample) => void) =>
    judge(
      broken((sample) => {
        change(sample);
        applyToBoth(sample, policy);
        applyToBoth(sample, rule);
      }),
    ).causes.map(({ finding }) => `${finding.code} ${finding.severity}`);
  assert.deepEqual(codes(plainPort(80), openPort(8080), onOneNetwork), []);
  const named = (sample: BrokenSample) => {
    onOneNetwork(sample);
    for (const { services, pods } of [sample.west, sample.east]) {
      itemOf(services, ({ name }) => name === 'catalog').ports[0]!.targetPort = 'web';
      for (const pod of pods.filter(({ labels }) => labels['app'] === 'catalog'))
        itemOf(pod.containers, ({ name }) => name === 'app').ports[0]!.name = 'web';
    }
  };
  assert.deepEqual(codes(plainPort(80), openPort(8080), named), []);
  const both = plain({
    tls: { mode: 'DISABLE' },
    portLevelSettings: [80, 9000].map((number) => ({ port: { number }, tls: { mode: 'ISTIO_MUTUAL' } })),
  });
  assert.deepEqual(codes(both, peer('STRICT'), onOneNetwork), []);
  // Callers do not reach other networks on that port: a warning.
  const away = ({ west, east }: BrokenSample) => {
    for (const { upstreams } of [...west.proxies, ...east.proxies])
      for (const upstream of upstreams)
        if (upstream.host.startsWith('catalog.') && upstream.port === 80)
          upstream.endpoints = upstream.endpoints.filter(({ port }) => port !== 15443);
  };
  const across = codes(plainPort(80), openPort(8080), away);
  assert.deepEqual(new Set(across), new Set(['MP3601 warning']));
  const wrong = codes(plainPort(80), openPort(9000), away);
  // Other networks cannot call the port that the policy opens, either.
  assert.deepEqual(new Set(wrong), new Set(['MP3601 error', 'MP5202 warning']));
});

test('a policy that does not select a pod', () => {
  assertFirst(
    (sample) =>
      applyToBoth(
        sample,
        resource('PeerAuthentication', 'gone', {
          selector: { matchLabels: { app: 'gone' } },
          mtls: { mode: 'STRICT' },
        }),
      ),
    { code: 'MP5204', severity: 'info' },
  );
});
