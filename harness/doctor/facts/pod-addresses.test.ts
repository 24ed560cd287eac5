import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertFirst, assertHealthy, broken, itemOf, type BrokenSample } from '../broken-sample.ts';
import { addressesOf, isHeld } from './pod-addresses.ts';

const host = 'inventory.meshproof.svc.cluster.local';
const six = 'fd00:10:244::1f';

/** A Service of IPv6 alone in a cluster whose pods have an IPv4 address first. */
const dualStack =
  (held: string[], ips?: string[]) =>
  ({ west, east }: BrokenSample): void => {
    const pod = itemOf(east.pods, ({ labels }) => labels['app'] === 'inventory');
    if (ips) pod.ips = [pod.ip, ...ips];
    for (const { istiods } of [west, east])
      for (const { shards } of istiods)
        for (const shard of shards)
          if (shard.host === host && shard.cluster === 'east') shard.addresses = held;
    for (const { upstreams } of east.proxies)
      for (const upstream of upstreams)
        if (upstream.host === host) for (const one of upstream.endpoints) one.address = six;
  };

test('healthy: the endpoint is the second address of a pod, recorded or not', () => {
  assertHealthy(broken(dualStack([six], [six])));
  assertHealthy(broken(dualStack([six])));
  assertHealthy(broken(dualStack([six], [])));
});

test('broken: an istiod has neither address of a pod', () => {
  assertFirst(dualStack(['fd00::99'], [six]), { code: 'MP2204', severity: 'error' });
  assertFirst(dualStack([]), { code: 'MP2204', severity: 'error' });
});

test('a list of addresses without the first address of the pod does not count', () => {
  assert.deepEqual(addressesOf({ ip: '10.245.0.1', ips: ['10.244.0.1'] }), ['10.245.0.1']);
  assert.deepEqual(addressesOf({ ip: '10.0.0.1', ips: ['10.0.0.1', six] }), ['10.0.0.1', six]);
  assert.deepEqual(addressesOf({ ip: '' }), []);
});

test('an address of a family that is not recorded for the pod proves nothing', () => {
  assert.ok(isHeld({ ip: '10.0.0.1' }, ['fd00::1']));
  assert.ok(isHeld({ ip: '10.0.0.1', ips: ['10.0.0.1'] }, ['fd00::1']));
  assert.ok(!isHeld({ ip: '10.0.0.1' }, ['fd00::1', '10.0.0.2']));
  assert.ok(!isHeld({ ip: '10.0.0.1' }, []));
  assert.ok(!isHeld({ ip: '10.0.0.1', ips: ['10.0.0.1', 'fd00::1'] }, ['fd00::2']));
});
