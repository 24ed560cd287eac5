import { test } from 'node:test';
import type { ClusterSnapshot } from '../../snapshot/schema.ts';
import { applyToBoth, assertFirst, resource, itemOf } from '../broken-sample.ts';

const namespace = (cluster: ClusterSnapshot) =>
  itemOf(cluster.namespaces, ({ name }) => name === 'meshproof');
const catalog = (cluster: ClusterSnapshot) => itemOf(cluster.services, ({ name }) => name === 'catalog');

test('injection in one cluster only, while existing pods keep their sidecars', () => {
  assertFirst(({ east }) => void delete namespace(east).labels['istio-injection'], {
    code: 'MP6101',
    severity: 'error',
    cluster: 'east',
    peer: 'west',
    symptoms: [],
  });
});

test('pods without a sidecar', () => {
  assertFirst(
    ({ east }) => {
      const pod = itemOf(east.pods, ({ name }) => name.startsWith('inventory'));
      pod.sidecar = false;
      delete pod.proxy;
    },
    { code: 'MP6102', severity: 'warning', cluster: 'east' },
  );
});

test('a revision that does not exist; both labels', () => {
  assertFirst(({ east }) => void (namespace(east).labels = { 'istio.io/rev': 'old' }), {
    code: 'MP6103',
    severity: 'error',
    cluster: 'east',
    symptoms: ['MP6101'],
  });
  assertFirst(({ east }) => void (namespace(east).labels['istio.io/rev'] = 'stable'), {
    code: 'MP6104',
    severity: 'warning',
    cluster: 'east',
  });
});

test('a proxy that does not stay up; a webhook without its Service', () => {
  assertFirst(
    ({ east }) => {
      const pod = itemOf(east.pods, ({ sidecar }) => sidecar);
      Object.assign(
        itemOf(pod.containers, ({ name }) => name === 'istio-proxy'),
        { restarts: 4, waiting: 'CrashLoopBackOff' },
      );
    },
    { code: 'MP6105', severity: 'warning', cluster: 'east' },
  );
  assertFirst(
    ({ east }) =>
      void (itemOf(east.webhooks).service = { namespace: 'istio-system', name: 'istiod-old', port: 443 }),
    { code: 'MP6106', severity: 'error', cluster: 'east' },
  );
});

test('a Service is missing', () => {
  assertFirst(({ west }) => void (west.services = west.services.filter(({ name }) => name !== 'inventory')), {
    code: 'MP6201',
    severity: 'error',
    cluster: 'west',
    peer: 'east',
  });
});

test('a Service with another port number, port name, protocol or type', () => {
  assertFirst(({ east }) => void (itemOf(catalog(east).ports).port = 8080), {
    code: 'MP6202',
    severity: 'error',
    cluster: 'east',
  });
  assertFirst(({ east }) => void (itemOf(catalog(east).ports).name = 'web'), {
    code: 'MP6203',
    severity: 'error',
    cluster: 'east',
    symptoms: ['MP6204'],
  });
  assertFirst(({ east }) => void (itemOf(catalog(east).ports).appProtocol = 'tcp'), {
    code: 'MP6204',
    severity: 'warning',
    cluster: 'east',
  });
  assertFirst(({ east }) => void (catalog(east).headless = true), {
    code: 'MP6205',
    severity: 'warning',
    cluster: 'east',
  });
});

test('routes to missing destinations, or with differences', () => {
  const rule = resource('DestinationRule', 'versions', {
    host: 'catalog',
    subsets: [{ name: 'v9', labels: { version: 'v9' } }],
  });
  assertFirst((sample) => applyToBoth(sample, rule), { code: 'MP6301', severity: 'info' });
  const route = (host: string) =>
    resource('VirtualService', 'catalog', {
      hosts: ['catalog'],
      http: [{ route: [{ destination: { host } }] }],
    });
  assertFirst((sample) => applyToBoth(sample, route('gone')), { code: 'MP6302', severity: 'error' });
  assertFirst(({ east }) => void east.resources.push(route('catalog')), {
    code: 'MP6303',
    severity: 'warning',
    cluster: 'west',
    peer: 'east',
  });
  assertFirst(
    ({ east }) => void east.resources.push(resource('Sidecar', 'default', { egress: [{ hosts: ['./*'] }] })),
    { code: 'MP6304', severity: 'warning', cluster: 'west' },
  );
  assertFirst(
    ({ east }) =>
      void (itemOf(east.installs).settings!.clusterLocalHosts = ['*.meshproof.svc.cluster.local']),
    { code: 'MP6305', severity: 'warning', cluster: 'east' },
  );
});
