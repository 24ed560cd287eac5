import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleSnapshot } from '../snapshot/sample/sample.ts';
import { anchorOf, explanationsOf, familyOf } from './check.ts';
import { checks } from './checks.ts';
import { findingsDoc } from './document.ts';
import { families } from './finding.ts';
import { circleOf } from './fold.ts';
import { judge } from './judge.ts';

test('a healthy mesh of one, two or three clusters does not give a finding', () => {
  for (const names of [['west', 'east'], ['only'], ['a', 'b', 'c']])
    assert.deepEqual(
      judge(sampleSnapshot(names)).causes.map(({ finding }) => finding.cause),
      [],
    );
});

test('there are at least fifty checks, of every family, each with its own code', () => {
  const codes = checks.map(({ code }) => code);
  assert.ok(codes.length >= 50);
  assert.equal(new Set(codes).size, codes.length);
  assert.deepEqual([...new Set(codes.map(familyOf))].toSorted(), [...families].toSorted());
});

test('explanations name existing codes and do not form a circle', () => {
  const codes = new Set(checks.map(({ code }) => code));
  for (const check of checks)
    assert.deepEqual(
      explanationsOf(check).filter(({ code }) => !codes.has(code)),
      [],
      check.code,
    );
  assert.equal(circleOf(checks), undefined);
});

test('every check has an explanation, a remedy and a reference', () => {
  for (const { code, title, explanation, remedy, reference, needs } of checks) {
    assert.ok(explanation.length >= 110, `the explanation of ${code} is too short`);
    assert.ok(title.length < 110 && !title.endsWith('.'), code);
    assert.ok(remedy.length > 20 && URL.canParse(reference) && needs.length > 0, code);
  }
});

test('every code has an anchor in the documentation', () => {
  const text = findingsDoc(checks);
  for (const { code } of checks) {
    assert.ok(text.includes(`\n### ${code}\n`), code);
    assert.equal(anchorOf(code), `docs/findings.md#${code.toLowerCase()}`);
  }
});
