import { test } from 'node:test';
import { applyToBoth, assertFirst, resource, the } from '../broken-sample.ts';

const catalog = { selector: { matchLabels: { app: 'catalog' } } };
const peer = (mode: string) => resource('PeerAuthentication', 'catalog', { ...catalog, mtls: { mode } });
const allow = resource('AuthorizationPolicy', 'callers', {
  ...catalog,
  rules: [{ from: [{ source: { principals: ['cluster.local/ns/meshproof/sa/webapp'] } }] }],
});

test('policies that are in one cluster only, or differ', () => {
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
    { code: 'MP5102', severity: 'warning' },
  );
  const token = resource('RequestAuthentication', 'tokens', { ...catalog, jwtRules: [{ issuer: 'me' }] });
  assertFirst(({ west }) => void west.resources.push(token), {
    code: 'MP5103',
    severity: 'warning',
    cluster: 'east',
  });
});

test('a policy for a workload that only its own cluster has is worth knowing only', () => {
  const orders = resource('AuthorizationPolicy', 'orders', {
    selector: { matchLabels: { app: 'orders' } },
    rules: [{}],
  });
  assertFirst(({ west }) => void west.resources.push(orders), { code: 'MP5102', severity: 'info' });
});

test('mesh settings that let more through in one cluster', () => {
  assertFirst(({ east }) => void (the(east.installs).settings!.outboundTrafficPolicy = 'REGISTRY_ONLY'), {
    code: 'MP5104',
    severity: 'warning',
    cluster: 'east',
    peer: 'west',
  });
});

test('mutual TLS is off where a policy needs it', () => {
  assertFirst(
    (sample) => {
      applyToBoth(sample, allow);
      sample.west.resources.push(peer('DISABLE'));
    },
    { code: 'MP5201', severity: 'error', cluster: 'west', symptoms: ['MP5101', 'MP5202'] },
  );
});

test('mutual TLS is off for what other networks call', () => {
  assertFirst((sample) => applyToBoth(sample, peer('DISABLE')), { code: 'MP5202', severity: 'error' });
});

test('a narrower policy wins over a wider one', () => {
  assertFirst(
    (sample) => {
      applyToBoth(
        sample,
        resource('PeerAuthentication', 'default', { mtls: { mode: 'DISABLE' } }, 'istio-system'),
      );
      for (const name of ['default'])
        applyToBoth(sample, resource('PeerAuthentication', name, { mtls: { mode: 'STRICT' } }));
      the(sample.west.installs).settings!.trustDomainAliases = ['gone'];
    },
    { code: 'MP1202' },
  );
});

test('plain text to pods that refuse it, on one network', () => {
  assertFirst(
    (sample) => {
      for (const one of sample.snapshot.declared.clusters) one.network = 'west-net';
      for (const cluster of sample.snapshot.clusters) {
        for (const { labels } of [...cluster.namespaces, ...cluster.services, ...cluster.pods])
          if (labels['topology.istio.io/network'] !== undefined)
            labels['topology.istio.io/network'] = 'west-net';
      }
      applyToBoth(sample, peer('STRICT'));
      applyToBoth(
        sample,
        resource('DestinationRule', 'plain', {
          host: 'catalog',
          trafficPolicy: { tls: { mode: 'DISABLE' } },
        }),
      );
    },
    { code: 'MP5203', severity: 'error' },
  );
});

test('a policy that selects nobody', () => {
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
