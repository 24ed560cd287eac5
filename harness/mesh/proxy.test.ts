import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outboundCluster, parseClusters, parseEds } from './proxy.ts';

const catalog = 'outbound|80||catalog.meshproof.svc.cluster.local';
const socket = (address: string, port_value: number) => ({ socket_address: { address, port_value } });

test("the name of a service's cluster", () => {
  assert.equal(outboundCluster('catalog', 'meshproof'), catalog);
  assert.equal(
    outboundCluster('catalog', 'meshproof', 9000, 'v1'),
    'outbound|9000|v1|catalog.meshproof.svc.cluster.local',
  );
});

test('/clusters: health, ejection, weight, priority and locality, with the defaults that JSON leaves out', () => {
  const dump = {
    cluster_statuses: [
      {
        name: catalog,
        added_via_api: true,
        host_statuses: [
          {
            address: socket('10.244.0.7', 8080),
            stats: [{ name: 'cx_active' }],
            health_status: { eds_health_status: 'HEALTHY' },
            weight: 1,
            locality: { region: 'region-west', zone: 'zone-west-a' },
          },
          {
            address: socket('10.244.0.8', 8080),
            health_status: { eds_health_status: 'HEALTHY', failed_outlier_check: true },
            weight: 1,
            locality: {},
          },
          {
            address: socket('172.19.0.2', 15443),
            health_status: { eds_health_status: 'UNHEALTHY' },
            weight: 2,
            priority: 1,
          },
          {
            address: {
              envoy_internal_address: {
                server_listener_name: 'connect_originate',
                endpoint_id: '10.0.0.1:80',
              },
            },
            health_status: {},
          },
        ],
      },
      { name: 'BlackHoleCluster' },
    ],
  };
  const [local, ejected, remote, internal] = parseClusters(JSON.stringify(dump));
  assert.deepEqual(local, {
    cluster: catalog,
    address: '10.244.0.7',
    port: 8080,
    region: 'region-west',
    zone: 'zone-west-a',
    subzone: '',
    priority: 0,
    weight: 1,
    healthy: true,
    ejected: false,
  });
  assert.deepEqual([ejected?.healthy, ejected?.ejected, ejected?.region], [false, true, '']);
  assert.deepEqual(
    [remote?.healthy, remote?.ejected, remote?.weight, remote?.priority],
    [false, false, 2, 1],
  );
  assert.equal(internal?.address, 'envoy://connect_originate/10.0.0.1:80');
});

const assignment = {
  endpoint_config: {
    cluster_name: catalog,
    endpoints: [
      {
        locality: { region: 'region-west', zone: 'zone-west-a' },
        lb_endpoints: [
          {
            endpoint: { address: socket('10.244.0.7', 8080) },
            health_status: 'HEALTHY',
            load_balancing_weight: 1,
          },
        ],
        load_balancing_weight: 1,
      },
      {
        locality: { region: 'region-east' },
        priority: 1,
        lb_endpoints: [{ endpoint: { address: socket('172.19.0.2', 15443) }, load_balancing_weight: 2 }],
        load_balancing_weight: 2,
      },
    ],
  },
};

for (const [shape, configs] of [
  ['a whole config_dump', [{ '@type': 'x' }, { dynamic_endpoint_configs: [assignment] }]],
  ['resource=dynamic_endpoint_configs', [{ '@type': 'x', ...assignment }]],
] as const) {
  test(`endpoints as istiod sent them, from ${shape}`, () => {
    const localities = parseEds(JSON.stringify({ configs })).get(catalog);
    assert.deepEqual(localities, [
      {
        region: 'region-west',
        zone: 'zone-west-a',
        subzone: '',
        priority: 0,
        weight: 1,
        endpoints: [{ address: '10.244.0.7', port: 8080, weight: 1, health: 'HEALTHY' }],
      },
      {
        region: 'region-east',
        zone: '',
        subzone: '',
        priority: 1,
        weight: 2,
        endpoints: [{ address: '172.19.0.2', port: 15443, weight: 2, health: 'UNKNOWN' }],
      },
    ]);
  });
}

test('a text that is not a dump is refused', () => {
  assert.throws(() => parseClusters('{"cluster_statuses":[{"host_statuses":[]}]}'));
});
