import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { nearest } from './nearest.ts';
import { cidrOf, overlap, subnetOf } from './subnet.ts';

const cidr = fc
  .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
  .map(([address, bits]) => `${address}/${bits}`);

test('two subnets overlap exactly where one holds the first address of the other', () => {
  const holds = (outer: string, inner: string) => {
    const [address = '', bits] = outer.split('/');
    const list = new BlockList();
    list.addSubnet(address, Number(bits));
    return list.check(cidrOf(subnetOf(inner)).split('/')[0] ?? '');
  };
  fc.assert(
    fc.property(cidr, cidr, (a, b) => {
      assert.equal(overlap(subnetOf(a), subnetOf(b)), holds(a, b) || holds(b, a));
    }),
  );
});

test('subnets that touch do not overlap, and one address can', () => {
  const both = (a: string, b: string) => overlap(subnetOf(a), subnetOf(b));
  assert.equal(both('10.0.0.0/25', '10.0.0.128/25'), false);
  assert.equal(both('10.0.0.0/24', '10.0.0.255/32'), true);
  assert.equal(both('10.0.0.1/32', '10.0.0.1/32'), true);
});

test('host bits are seen, and the notation of the subnet has none', () => {
  assert.equal(subnetOf('172.30.1.7/24').hostBitsSet, true);
  fc.assert(fc.property(cidr, (text) => assert.equal(subnetOf(cidrOf(subnetOf(text))).hostBitsSet, false)));
  assert.equal(cidrOf(subnetOf('255.255.255.255/0')), '0.0.0.0/0');
});

test('a text that is not a subnet is refused', () => {
  for (const text of ['', '1.2.3.4', '1.2.3.256/8', '1.2.3.4/33', 'a.b.c.d/8'])
    assert.throws(() => subnetOf(text), RangeError);
});

test('the nearest word is the one that was meant, or none', () => {
  const fields = ['name', 'role', 'region', 'zone', 'network'];
  assert.deepEqual(
    ['regoin', 'Region', 'zoen', 'netwrok', 'colour', 'x'].map((word) => nearest(word, fields)),
    ['region', 'region', 'zone', 'network', undefined, undefined],
  );
});
