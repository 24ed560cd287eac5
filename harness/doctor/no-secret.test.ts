import assert from 'node:assert/strict';
import { test } from 'node:test';
import { snapshotHash } from '../snapshot/kept.ts';
import { resourceRecord } from '../snapshot/resources.ts';
import { resources, type PlantedResource } from '../snapshot/sample/planted-cluster.ts';
import { expectClean, found } from '../snapshot/sample/planted-secrets.ts';
import { sampleSnapshot } from '../snapshot/sample/sample.ts';
import type { ResourceRecord } from '../snapshot/schema.ts';
import { judge } from './judge.ts';
import { formatDiagnosis } from './format-diagnosis.ts';

const hash = snapshotHash();
const recorded = (path: string, one: PlantedResource): ResourceRecord =>
  resourceRecord({ group: path.split('/')[2] ?? '', version: 'v1', kind: one.kind }, one, hash);

/** The diagnosis of a mesh whose clusters differ in every secret of every resource. */
function diagnosisTextOf(record: typeof recorded): string {
  const snapshot = sampleSnapshot();
  const other = (one: PlantedResource) =>
    JSON.parse(JSON.stringify(one).replaceAll('velvet', 'velour')) as PlantedResource;
  for (const [index, cluster] of snapshot.clusters.entries())
    for (const [path, one] of resources) cluster.resources.push(record(path, index === 0 ? one : other(one)));
  const diagnosis = judge(snapshot);
  return [JSON.stringify(diagnosis), ...formatDiagnosis(diagnosis, { verbose: true })].join('\n');
}

test('findings of resources that differ only in secrets show hashes, not secrets', () => {
  const said = diagnosisTextOf(recorded);
  for (const code of ['MP5102', 'MP5103', 'MP6303', 'MP6304']) assert.ok(said.includes(code), code);
  assert.match(said, /hash:[0-9a-f]{16}/);
  expectClean(said, 'the diagnosis');
  // Without redaction, the same resources show their secrets.
  assert.notDeepEqual(
    found(diagnosisTextOf((path, one) => ({ ...recorded(path, one), spec: one.spec }))),
    [],
  );
});
