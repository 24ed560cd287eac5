import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleSnapshot } from '../snapshot/sample/sample.ts';
import type { Missing, Snapshot } from '../snapshot/schema.ts';
import { judge } from './judge.ts';
import { assertNothingNew, cutsOf } from './missing-parts.ts';

const codesOf = (snapshot: Snapshot): string[] =>
  judge(snapshot).causes.map(({ finding }) => `${finding.code} ${finding.cause}`);

test('a healthy mesh shows no finding if any part of the snapshot is missing', () => {
  for (const reason of ['forbidden', 'timeout'] as const)
    for (const { name, snapshot } of cutsOf(sampleSnapshot(), reason))
      assert.deepEqual(codesOf(snapshot), [], `without ${name}`);
});

test('a missing part is reported with its reason, the checks that need it, and the right to read it', () => {
  for (const { name, part, snapshot } of cutsOf(sampleSnapshot(), 'forbidden')) {
    const [unknown, ...others] = judge(snapshot).unknown;
    assert.ok(unknown && others.length === 0, name);
    assert.ok(unknown.what.startsWith(part), name);
    assert.ok(unknown.right !== undefined || part === 'clocks', `${name} does not name a right`);
  }
});

test('a healthy mesh shows no finding if one object of a list cannot be read', () => {
  const snapshot = sampleSnapshot();
  for (const part of ['services', 'pods', 'workloads', 'namespaces', 'serviceAccounts', 'roots'] as const)
    for (const cluster of snapshot.clusters)
      for (const [index, item] of cluster[part].entries()) {
        const namespace = 'namespace' in item ? `${item.namespace}/` : '';
        const gap: Missing = { what: part, of: namespace + item.name, reason: 'failed', why: 'odd' };
        const changed = { ...cluster, [part]: cluster[part].toSpliced(index, 1), missing: [gap] };
        const clusters = snapshot.clusters.map((one) => (one === cluster ? changed : one));
        assert.deepEqual(codesOf({ ...snapshot, clusters }), [], `without ${part} ${gap.of}`);
      }
});

test('a healthy mesh shows no finding about the others if one of three clusters does not answer', () => {
  const snapshot = sampleSnapshot(['west', 'east', 'north']);
  for (const cluster of snapshot.clusters) {
    const silent = { ...cluster, reachable: false, unreachable: 'no answer', missing: [] };
    const clusters = snapshot.clusters.map((one) => (one === cluster ? silent : one));
    const codes = judge({ ...snapshot, clusters }).causes.map(({ finding }) => finding.code);
    assert.deepEqual(codes, ['MP2301'], cluster.name);
  }
});

test('a healthy mesh shows no finding if the mesh file says less', () => {
  const declared = sampleSnapshot().declared.clusters;
  for (const index of declared.keys()) {
    const snapshot = sampleSnapshot();
    delete snapshot.declared.clusters[index]?.eastWestGateway;
    assert.deepEqual(codesOf(snapshot), []);
  }
  const snapshot = sampleSnapshot();
  snapshot.declared.services = [];
  assert.deepEqual(codesOf(snapshot), []);
});

test('with three clusters, a part that is missing in one of them adds no finding', () => {
  assertNothingNew(sampleSnapshot(['west', 'east', 'north']));
});
