import assert from 'node:assert/strict';
import { sampleSnapshot } from '../snapshot/sample/sample.ts';
import type { ClusterSnapshot, IstiodRecord, ResourceRecord, Snapshot } from '../snapshot/schema.ts';
import { checks } from './checks.ts';
import type { Cause, Severity } from './finding.ts';
import { judge } from './judge.ts';
import { assertNothingNew } from './missing-parts.ts';

/** A cluster of the sample: every page of its istiods was read. */
export interface SampleCluster extends Omit<ClusterSnapshot, 'istiods'> {
  istiods: { [page in keyof IstiodRecord]-?: NonNullable<IstiodRecord[page]> }[];
}

/** A healthy mesh of west and east, which a test breaks before the doctor judges it. */
export interface BrokenSample {
  snapshot: Snapshot;
  west: SampleCluster;
  east: SampleCluster;
}

/** Breaks a healthy mesh. */
export function broken(breakIt: (sample: BrokenSample) => void): Snapshot {
  const snapshot = sampleSnapshot();
  const [west, east] = snapshot.clusters as [SampleCluster, SampleCluster];
  breakIt({ snapshot, west, east });
  return snapshot;
}

/** The expected cause: code, severity, clusters, and the codes that are folded under it. */
export interface Expected {
  code: string;
  severity?: Severity;
  cluster?: string;
  peer?: string;
  symptoms?: string[];
}

/**
 * Asserts that the expected cause comes first, and that every other cause above info has the same code. If a part
 * of the snapshot is missing, other findings may not appear: tries the parts that the check needs, and a sample of the others.
 */
export function assertFirst(breakIt: (sample: BrokenSample) => void, expected: Expected): Cause {
  const snapshot = broken(breakIt);
  const { causes } = judge(snapshot);
  assertNothingNew(snapshot, checks.find(({ code }) => code === expected.code)?.needs);
  const found = causes
    .map(({ finding }) => `${finding.code} ${finding.severity}: ${finding.cause}`)
    .join('\n');
  const [first, ...others] = causes;
  assert.ok(first, `the doctor found nothing, expected ${expected.code}`);
  const { severity, cluster, peer } = first.finding;
  const { symptoms, ...wanted } = expected;
  const seen = { code: first.finding.code, severity, cluster, peer };
  for (const [key, value] of Object.entries(wanted))
    assert.equal(seen[key as keyof typeof seen], value, `${key} of\n${found}`);
  assert.deepEqual(
    others
      .filter(({ finding }) => finding.severity !== 'info' && finding.code !== expected.code)
      .map(({ finding }) => finding.code),
    [],
    found,
  );
  if (symptoms)
    assert.deepEqual(
      [...new Set(first.symptoms.map(({ code }) => code))].toSorted(),
      symptoms.toSorted(),
      found,
    );
  assert.ok(first.finding.evidence.length > 0, `${expected.code} shows no evidence`);
  assert.match(first.finding.cause, /^[^\n]+[.]$/);
  return first;
}

/** Asserts that a mesh gives nothing above info, whole or with one part missing. */
export function assertHealthy(snapshot: Snapshot): void {
  const above = judge(snapshot).causes.filter(({ finding }) => finding.severity !== 'info');
  assert.deepEqual(
    above.map(({ finding }) => `${finding.code} ${finding.cause}`),
    [],
  );
  assertNothingNew(snapshot);
}

/** Asserts that the doctor finds nothing above info in a healthy mesh, even if a part of the snapshot is missing. */
export function assertNothingAboveInfo(change: (sample: BrokenSample) => void): void {
  assertHealthy(broken(change));
}

/** The first item of a list that fits. */
export function itemOf<T>(items: readonly T[], which: (item: T) => boolean = () => true): T {
  const found = items.find(which);
  assert.ok(found !== undefined, 'the sample does not have such an item');
  return found;
}

/** A resource as if applied to a cluster of the sample. */
export const resource = (
  kind: string,
  name: string,
  spec: Record<string, unknown>,
  namespace = 'meshproof',
): ResourceRecord => ({
  ...{
    apiVersion: kind === 'NetworkPolicy' ? 'networking.k8s.io/v1' : 'networking.istio.io/v1',
    kind,
    namespace,
    name,
  },
  ...{ labels: {}, generation: 1, createdAt: '2026-11-01T11:00:00.000Z', spec, status: [] },
});

/** Applies a resource to every cluster with an istiod: both clusters of the sample. */
export function applyToBoth({ snapshot }: Pick<BrokenSample, 'snapshot'>, one: ResourceRecord): void {
  for (const { installs, resources } of snapshot.clusters)
    if (installs.some(({ istiod }) => istiod)) resources.push(structuredClone(one));
}
