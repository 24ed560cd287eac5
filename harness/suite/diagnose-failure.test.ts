import assert from 'node:assert/strict';
import test from 'node:test';
import type { Diagnosis, Finding } from '../doctor/finding.ts';
import { likelyCause } from './diagnose-failure.ts';

const finding = (given: Partial<Finding>): Finding => ({
  ...{ code: 'MP1101', title: 'a title', family: 'discovery', severity: 'error', evidence: [] },
  ...{
    cause: 'It is so.',
    remedy: 'do this',
    anchor: 'docs/findings.md#MP1101',
    reference: 'https://istio.io',
  },
  ...given,
});
const diagnosis = (...findings: Partial<Finding>[]): Diagnosis => ({
  ...{ apiVersion: 'meshproof.dev/v1', kind: 'Diagnosis', takenAt: '2026-11-24T00:00:00Z', clusters: [] },
  ...{ checks: 1, counts: { error: 0, warning: 0, info: 0 }, elided: [], unknown: [] },
  causes: findings.map((one) => ({ finding: finding(one), symptoms: [] })),
});
const nothing = { applied: [], injected: false };

test('the first cause above info is the likely cause', () => {
  const of = diagnosis({ severity: 'info' }, { code: 'MP2101', cluster: 'west' }, { code: 'MP3101' });
  const { code, cluster, sentence } = likelyCause(of, nothing) ?? {};
  assert.deepEqual({ code, cluster, sentence }, { code: 'MP2101', cluster: 'west', sentence: 'It is so.' });
  assert.equal(likelyCause(diagnosis({ severity: 'info' }), nothing), undefined);
});

test('an object that the test applied is not the likely cause', () => {
  const own = { applied: ['DestinationRule meshproof/con-02-orders'], injected: false };
  const of = diagnosis({ object: 'DestinationRule meshproof/con-02-orders' }, { code: 'MP3101' });
  assert.equal(likelyCause(of, own)?.code, 'MP3101');
});

test('if the test injected a fault, the sentence says that the fault may be the cause', () => {
  const found = likelyCause(diagnosis({}), { applied: [], injected: true });
  assert.match(found?.sentence ?? '', /^It is so\. \(The promise injects faults; one of them/);
});
