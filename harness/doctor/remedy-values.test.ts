import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakages } from './breakages/index.ts';
import { broken, itemOf, type BrokenSample } from './broken-sample.ts';
import { span } from './format-values.ts';
import { judge } from './judge.ts';

/** Words for which neither the finding nor the snapshot has a value. */
const unknowable = new Set([
  'operator.yaml',
  'old secret',
  'selector of the Service',
  'namespace of the service',
  'external address of a node',
]);

test('a remedy leaves no placeholder whose value is known', () => {
  for (const { id, break: breakIt } of breakages)
    for (const { finding, symptoms } of judge(broken(breakIt)).causes)
      for (const { code, remedy } of [finding, ...symptoms])
        assert.deepEqual(
          [...remedy.matchAll(/<([^>]+)>/g)]
            .map(([, word = '']) => word)
            .filter((word) => !unknowable.has(word)),
          [],
          `${code} of ${id}: ${remedy}`,
        );
});

const remedyOf = (code: string, breakIt: (sample: BrokenSample) => void): string => {
  const found = judge(broken(breakIt)).causes.flatMap(({ finding, symptoms }) => [finding, ...symptoms]);
  return itemOf(found, (one) => one.code === code).remedy;
};
const breakIn = (id: string) => itemOf(breakages, (one) => one.id === id).break;

test('a remedy has values of the snapshot', () => {
  assert.match(remedyOf('MP2101', breakIn('secret-missing')), /--server https:\/\/172\.30\.1\.2:6443 /);
  assert.match(
    remedyOf('MP2107', breakIn('secret-with-wrong-address')),
    /--server https:\/\/172\.30\.1\.2:6443 /,
  );
  assert.match(remedyOf('MP3402', breakIn('tls-fails')), /outbound_\.80_\._\.catalog\.meshproof\./);
  assert.match(remedyOf('MP4101', breakIn('nodes-without-region')), /region=region-west .*zone=zone-west-a$/);
  assert.match(
    remedyOf('MP6102', breakIn('pod-without-sidecar')),
    /-n meshproof rollout restart deployment catalog$/,
  );
  assert.match(remedyOf('MP2205', breakIn('configuration-rejected')), /-n meshproof logs catalog-1 /);
});

test('a remedy names the namespace and the Deployment of istiod', () => {
  const remedy = remedyOf('MP2201', (sample) => {
    breakIn('replicas-disagree')(sample);
    Object.assign(itemOf(sample.west.installs), { namespace: 'mesh-system', revision: 'blue' });
  });
  assert.match(remedy, /-n mesh-system rollout restart deployment istiod-blue$/);
});

test('spans of time have a unit that fits', () => {
  assert.deepEqual([90_000, 3_558_000, 10_800_000, 345_600_000].map(span), [
    ...['90 s', '59 minutes', '3 hours', '4 days'],
  ]);
});
