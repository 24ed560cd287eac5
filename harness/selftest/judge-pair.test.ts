import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cause, Finding } from '../doctor/finding.ts';
import { judgePair } from './judge-pair.ts';

const finding = (code: string, cluster: string, over: Partial<Finding> = {}): Finding => ({
  ...{ code, title: '', family: 'discovery', severity: 'error', cluster, evidence: [] },
  ...{ cause: '', remedy: '', anchor: '', reference: '', ...over },
});
const cause = (code: string, cluster: string, ...symptoms: Finding[]): Cause => ({
  finding: finding(code, cluster),
  symptoms,
});
const wants = (code: string, cluster?: string) => ({
  findings: [code],
  place: cluster === undefined ? {} : { cluster },
});

test('two defects with one code need two findings', () => {
  const both = [wants('MP1', 'east'), wants('MP1', 'east')] as const;
  assert.deepEqual(judgePair(both, [cause('MP1', 'east')]), ['cause', 'missed']);
  assert.deepEqual(judgePair(both, [cause('MP1', 'east'), cause('MP1', 'east')]), ['cause', 'cause']);
});

test('a defect with a choice leaves the only fitting finding to the other defect', () => {
  const causes = [cause('MP1', 'east'), cause('MP2', 'east')];
  const choosy = { findings: ['MP1', 'MP2'], place: {} };
  assert.deepEqual(judgePair([choosy, wants('MP1')], causes), ['cause', 'cause']);
  assert.deepEqual(judgePair([wants('MP2'), choosy], causes), ['cause', 'cause']);
});

test('a symptom counts as folded; an info and another cluster do not count', () => {
  const pair = [wants('MP1', 'west'), wants('MP2', 'east')] as const;
  assert.deepEqual(judgePair(pair, [cause('MP1', 'west', finding('MP2', 'east'))]), ['cause', 'folded']);
  assert.deepEqual(judgePair(pair, [cause('MP1', 'east'), cause('MP2', 'east')]), ['missed', 'cause']);
  const info = finding('MP2', 'east', { severity: 'info' });
  assert.deepEqual(judgePair(pair, [cause('MP1', 'west', info)]), ['cause', 'missed']);
});
