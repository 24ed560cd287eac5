import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fitToRead } from './fit-to-read.ts';
import { sampleSnapshot } from './sample/sample.ts';
import { SnapshotBounds, snapshotLimits } from './snapshot-limits.ts';

const sample = sampleSnapshot();
const json = (value: unknown) => Buffer.from(`${JSON.stringify(value)}\n`);
const bytes = json(sample).length;

test('a snapshot within the limits remains as it is', () => {
  assert.equal(fitToRead(sample).snapshot, sample);
  assert.equal(fitToRead(sample, { ...snapshotLimits, bytes }).snapshot, sample);
});

test('a snapshot that is too large loses upstreams and shards until a reader accepts it, and records the cuts', () => {
  const before = structuredClone(sample);
  for (const limits of [
    { ...snapshotLimits, bytes: bytes - 1 },
    { ...snapshotLimits, bytes: Math.floor(bytes * 0.6) },
    { ...snapshotLimits, values: 6_000 },
  ]) {
    assert.notEqual(new SnapshotBounds(limits).exceeded(json(sample)), undefined);
    const { snapshot, excess } = fitToRead(sample, limits);
    assert.equal(excess, undefined);
    assert.equal(new SnapshotBounds(limits).exceeded(json(snapshot)), undefined);
    const [west] = snapshot.clusters;
    const cut = west?.missing.find(({ what }) => what === 'proxies') ?? assert.fail();
    assert.equal(cut.reason, 'limit');
    assert.match(cut.why, /^\d+ of \d+ upstreams are kept in the file$/);
    assert.deepEqual(west?.pods, before.clusters[0]?.pods);
  }
  assert.deepEqual(sample, before);
});

test('a snapshot that is too large without upstreams and shards is returned whole, with the limit', () => {
  const { snapshot, excess } = fitToRead(sample, { ...snapshotLimits, bytes: 1_000 });
  assert.equal(snapshot, sample);
  assert.equal(excess, 'has more than the 1000 bytes of JSON that are read');
});
