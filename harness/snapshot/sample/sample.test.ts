import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { snapshotSchema } from '../schema.ts';
import { sampleSnapshot } from './sample.ts';

test('the sample is a snapshot, and the schema keeps every field of it', () => {
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

/** A value as text that does not depend on the order of fields and records. */
const unordered = (value: unknown): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const parts = Array.isArray(value)
    ? value.map(unordered)
    : Object.entries(value).map(([name, each]) => `${name}: ${unordered(each)}`);
  return `(${parts.toSorted().join()})`;
};

test('the sample of west and east is the recorded snapshot', () => {
  const recorded: unknown = JSON.parse(readFileSync(new URL('healthy.json', import.meta.url), 'utf8'));
  assert.equal(unordered(sampleSnapshot()), unordered(recorded));
});

test('every call gives a new object', () => {
  const broken = sampleSnapshot();
  broken.clusters[0]?.proxies[0]?.upstreams.pop();
  assert.notDeepEqual(broken, sampleSnapshot());
});
