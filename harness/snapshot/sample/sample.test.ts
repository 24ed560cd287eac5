import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotSchema } from '../schema.ts';
import { sampleSnapshot } from './sample.ts';

test('the sample is a snapshot, and nothing of it is outside the schema', () => {
  for (const clusters of [['west', 'east'], ['only'], ['a', 'b', 'c']]) {
    const sample = sampleSnapshot(clusters);
    assert.deepEqual(snapshotSchema.parse(sample), sample);
  }
});

test('every certificate that the sample refers to is in it', () => {
  const sample = sampleSnapshot();
  const known = new Set(sample.certificates.map(({ fingerprint }) => fingerprint));
  assert.equal(known.size, sample.certificates.length);
  const used = sample.clusters.flatMap((cluster) => [
    ...cluster.proxies.flatMap(({ certificate, roots }) => [...certificate, ...roots]),
    ...cluster.authorities.flatMap(({ certificate, chain, roots }) => [...certificate, ...chain, ...roots]),
    ...cluster.probes.flatMap(({ chain }) => chain),
    ...cluster.remoteSecrets.flatMap(({ ca }) => ca),
    ...sample.certificates.flatMap(({ signedBy }) => signedBy),
  ]);
  assert.deepEqual(
    used.filter((fingerprint) => !known.has(fingerprint)),
    [],
  );
});

test('every call gives an object of its own', () => {
  const broken = sampleSnapshot();
  broken.clusters[0]?.proxies[0]?.upstreams.pop();
  assert.notDeepEqual(broken, sampleSnapshot());
});
