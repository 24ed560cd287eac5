import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectedOf, shardsOf } from './istiod-view.ts';

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

test('a proxy that has not acknowledged, and one that refused, are told', () => {
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
