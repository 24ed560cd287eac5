import assert from 'node:assert/strict';
import { test } from 'node:test';
import { broken, itemOf, type BrokenSample } from '../broken-sample.ts';
import { MeshView } from '../mesh-view.ts';
import { clusterNamed, clusterOfGateway, inAnyRange, isNetworkOf, networkOf } from './networks.ts';

const label = 'topology.istio.io/network';
const registry = { endpoints: [{ fromRegistry: 'east' }] };

function viewOf(change: (sample: BrokenSample) => void) {
  const view = new MeshView(broken(change));
  return { view, west: view.answered('west'), east: view.answered('east') };
}

test("the network of a pod is found in istiod's order: label, namespace, registry, range", () => {
  const pod = { labels: { [label]: 'a' }, ip: '10.1.2.3' };
  const bare = { labels: {}, ip: '10.1.2.3' };
  const range = { endpoints: [{ fromCidr: '10.0.0.0/8' }] };
  const narrow = { endpoints: [{ fromCidr: '10.1.0.0/16' }] };
  const seen = (networks: object, labelled: boolean, which: typeof bare = bare) => {
    const { west, east } = viewOf((sample) => {
      Object.assign(itemOf(sample.west.installs), { meshNetworks: networks });
      const { labels } = itemOf(sample.east.namespaces, ({ name }) => name === 'istio-system');
      if (!labelled) delete labels[label];
    });
    const found = networkOf(west, east, which);
    return found && `${found.network} by ${found.by}`;
  };
  assert.equal(seen({ r: registry }, true, pod), 'a by label');
  assert.equal(seen({ r: registry }, true), 'east-net by namespace');
  assert.equal(seen({ c: range, r: registry }, false), 'r by registry');
  assert.equal(seen({ n: narrow, c: range }, false), 'c by range', 'the widest range wins');
  assert.equal(seen({ c: { endpoints: [{ fromCidr: '10.0.0.0' }, { fromCidr: 'x/8' }] } }, false), undefined);
});

test('addresses of both families are compared with ranges', () => {
  const inside = inAnyRange(['10.0.0.0/8', 'fd00::/16']);
  assert.deepEqual(['10.9.9.9', 'fd00::1', '11.0.0.1', 'fe80::1', ''].map(inside), [
    true,
    true,
    false,
    false,
    false,
  ]);
});

test('a network is of a cluster by the mesh file, its gateway, or meshNetworks', () => {
  const { view, west, east } = viewOf((sample) => {
    const gateway = itemOf(sample.east.services, ({ name }) => name === 'istio-eastwestgateway');
    sample.east.services.push({ ...gateway, name: 'second', labels: { [label]: 'second' } });
    const gateways = [{ address: '192.0.2.1', port: 15443 }];
    Object.assign(itemOf(sample.west.installs), {
      meshNetworks: { third: { ...registry, gateways }, shut: registry },
    });
  });
  for (const network of ['east-net', 'second', 'third']) assert.ok(isNetworkOf(view, east, network), network);
  for (const network of ['west-net', 'nowhere', 'shut'])
    assert.ok(!isNetworkOf(view, east, network), network);
  assert.ok(!isNetworkOf(view, west, 'third'));
});

test('a cluster is found by its clusterName', () => {
  const { view } = viewOf(({ east }) => void (itemOf(east.installs).clusterName = 'prod-2'));
  assert.equal(clusterNamed(view, 'prod-2'), 'east');
  assert.equal(clusterNamed(view, 'west'), 'west');
  assert.equal(clusterNamed(view, 'unknown'), 'unknown');
});

test('the cluster of a gateway of meshNetworks follows from its address, its network, or the registry of the network', () => {
  const at = (network: string, address: string, meshNetworks: object = {}) => {
    const { view, west } = viewOf((sample) => {
      Object.assign(itemOf(sample.west.installs), { meshNetworks });
      itemOf(sample.west.istiods).networks = [{ network, cluster: '', address, port: 15443 }];
    });
    return clusterOfGateway(view, west, { address, port: 15443 });
  };
  assert.equal(at('unnamed', '172.30.1.2'), 'east');
  assert.equal(at('east-net', '192.0.2.1'), 'east');
  assert.equal(at('unnamed', '192.0.2.1', { unnamed: registry }), 'east');
  assert.equal(at('machines', '192.0.2.1'), undefined);
});
