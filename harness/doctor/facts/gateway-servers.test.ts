import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleSnapshot } from '../../snapshot/sample/sample.ts';
import type { ResourceRecord } from '../../snapshot/schema.ts';
import { resource } from '../broken-sample.ts';
import { MeshView } from '../mesh-view.ts';
import { gatewayServers, serversOnPort } from './gateway-servers.ts';
import { networkGateways } from './network-gateways.ts';

/** A Gateway for other networks. */
const passing = (name: string, hosts: string[], server: object = {}): ResourceRecord => ({
  ...resource(
    'Gateway',
    name,
    {
      selector: { istio: 'eastwestgateway' },
      servers: [
        { hosts, port: { number: 15443, protocol: 'TLS' }, tls: { mode: 'AUTO_PASSTHROUGH' }, ...server },
      ],
    },
    'platform',
  ),
  createdAt: `2026-11-01T11:00:00.${name.length}00Z`,
});

/** The names of the Gateways whose servers istiod keeps and drops for the gateway of west. */
function split(...gateways: ResourceRecord[]) {
  const snapshot = sampleSnapshot();
  const [data] = snapshot.clusters;
  assert.ok(data);
  data.resources = gateways;
  const view = new MeshView(snapshot);
  const cluster = view.answered(data.name);
  const [gateway] = networkGateways(view, cluster);
  assert.ok(gateway);
  const { kept, dropped } = serversOnPort(cluster, gatewayServers(cluster), gateway);
  return {
    kept: kept.map(({ resource: { name } }) => name),
    dropped: dropped.map(({ server, by }) => `${server.resource.name} by ${by.resource.name}`),
  };
}

test('istiod drops the younger of two servers with an equal host', () => {
  const [a, bb] = [passing('a', ['*.local']), passing('bb', ['*.other', '*.local'])];
  assert.deepEqual(split(bb, a), { kept: ['a'], dropped: ['bb by a'] });
});

test('a host with a namespace differs from the same host without one, and from that of another namespace', () => {
  assert.deepEqual(split(passing('a', ['*.local']), passing('bb', ['platform/*.local'])).kept, ['a', 'bb']);
  assert.deepEqual(split(passing('a', ['./*.local']), passing('bb', ['platform/*.local'])).kept, ['a']);
  assert.deepEqual(split(passing('a', ['*.local']), passing('bb', ['*/*.local'])).kept, ['a']);
});

test('servers on other addresses, ports or pods do not conflict', () => {
  const first = passing('a', ['*.local']);
  assert.deepEqual(split(first, passing('bb', ['*.local'], { bind: '10.0.0.1' })).kept, ['a', 'bb']);
  const other = passing('bb', ['*.local'], { port: { number: 15444, protocol: 'TLS' } });
  assert.deepEqual(split(first, other), { kept: ['a'], dropped: [] });
  const apart = passing('bb', ['*.local']);
  apart.spec['selector'] = { istio: 'ingressgateway' };
  assert.deepEqual(split(first, apart), { kept: ['a'], dropped: [] });
});
