import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CertificateBook } from './certificate-book.ts';
import { Gaps } from './gaps.ts';
import { connectedOf, readIstiod, shardsOf } from './istiod-view.ts';
import { sampleSnapshot } from './sample/sample.ts';

/** Shaped as istiod 1.31 answers. */
const endpoint = (address: string, port: string, over: object = {}) => ({
  Addresses: [address],
  ServicePortName: port,
  Network: 'east-net',
  Locality: { Label: 'region-east/zone-east-a/', ClusterID: 'east' },
  TLSMode: 'istio',
  HealthStatus: 1,
  ...over,
});

test('endpoint shards become one record a service and cluster, with counts by port', () => {
  const shards = {
    'catalog.meshproof.svc.cluster.local': {
      meshproof: {
        Shards: {
          'Kubernetes/east': [
            endpoint('10.0.0.2', 'http'),
            endpoint('10.0.0.1', 'http', { HealthStatus: 2, TLSMode: 'disabled' }),
            endpoint('10.0.0.1', 'tcp'),
          ],
          'Kubernetes/west': null,
        },
      },
    },
  };
  const [east, west] = shardsOf(shards);
  assert.deepEqual(east, {
    ...{
      host: 'catalog.meshproof.svc.cluster.local',
      namespace: 'meshproof',
      cluster: 'east',
      provider: 'Kubernetes',
    },
    ...{
      ports: { http: 2, tcp: 1 },
      addresses: ['10.0.0.1', '10.0.0.2'],
      unhealthy: 1,
      networks: ['east-net'],
    },
    ...{ localities: ['region-east/zone-east-a/'], mtls: 2 },
  });
  assert.deepEqual([west?.cluster, west?.ports, west?.addresses], ['west', {}, []]);
});

test('a proxy that has not acknowledged and a proxy that rejected are recorded', () => {
  const now = Date.UTC(2026, 0, 1);
  const sentTime = new Date(now - 5_000).toISOString();
  const [one] =
    connectedOf(
      [
        {
          ...{ proxy: 'a.ns', cluster_id: 'west', istio_version: '1.31' },
          resources: {
            'type.googleapis.com/envoy.config.cluster.v3.Cluster': { sent: '2', acked: '2', sentTime },
            'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment': {
              sent: '2',
              acked: '1',
              sentTime,
            },
            'type.googleapis.com/envoy.config.listener.v3.Listener': {
              sent: '2',
              acked: '2',
              lastError: 'duplicate',
            },
          },
        },
      ],
      now,
    ) ?? [];
  assert.deepEqual(one, {
    ...{ proxy: 'a.ns', cluster: 'west', version: '1.31', stale: ['EDS'], oldestStaleMs: 5_000 },
    rejected: ['LDS: duplicate'],
  });
  assert.deepEqual(connectedOf(null, now), []);
});

test('a page that does not answer is absent and a gap, one that is empty is there', async () => {
  const pod = sampleSnapshot().clusters[0]?.pods[0] ?? assert.fail();
  const gaps = new Gaps();
  const question = { pod, book: new CertificateBook(), gaps, shardsPerIstiod: 9 };
  const body = (page: string) => {
    if (page === '/version') return Promise.resolve('1.31');
    return page === '/debug/syncz' ? Promise.resolve('null') : Promise.reject(new Error('500'));
  };
  const record = await readIstiod({ body }, question);
  assert.deepEqual(record.connected, []);
  for (const page of ['clusters', 'networks', 'shards', 'held', 'settings'])
    assert.ok(!(page in record), page);
  assert.deepEqual(
    gaps.list.map(({ what, of }) => [what, of]),
    Array.from({ length: 4 }, () => ['istiods', `${pod.namespace}/${pod.name}`]),
  );
});

test('a moment that cannot be read leaves the age of what was sent out', () => {
  const resources = { 'a.Cluster': { sent: '2', acked: '1', sentTime: 'yesterday' } };
  assert.equal(connectedOf([{ proxy: 'a.ns', resources }], 0)[0]?.oldestStaleMs, 0);
});
