import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { sampleSnapshot } from '../../snapshot/sample/sample.ts';
import { checks } from '../checks.ts';
import type { Cause, Finding } from '../finding.ts';
import { judge } from '../judge.ts';
import { caseFile, differences, recordedMesh, type RecordedCase } from './case.ts';
import { recordedCases } from './cases.ts';

for (const { id, title, expected } of recordedCases)
  test(`case ${id}: ${title}`, async () => {
    const diagnosis = judge(await recordedMesh(id));
    assert.deepEqual(differences(diagnosis, expected), []);
  });

test('every recorded mesh has its case, and every case its mesh', () => {
  const files = readdirSync(path.dirname(caseFile('any'))).toSorted();
  assert.deepEqual(files, recordedCases.map(({ id }) => path.basename(caseFile(id))).toSorted());
});

test('every code that a case expects is the code of a check', () => {
  const known = new Set(checks.map(({ code }) => code));
  for (const { id, expected } of recordedCases) {
    if (expected === 'healthy') continue;
    assert.notEqual(expected.codes.length, 0, `${id} does not expect a code`);
    for (const code of [...expected.codes, ...(expected.besides ?? [])])
      assert.ok(known.has(code), `${id}: ${code}`);
  }
});

test('a wrong answer to a case is a difference', () => {
  const finding = (over: Partial<Finding> = {}): Finding => ({
    ...{ code: 'MP1101', title: 't', family: 'trust and identity', severity: 'error', cluster: 'west' },
    ...{ evidence: [], cause: 'c', remedy: 'r', anchor: 'a', reference: 'x', object: 'Secret a/cacerts' },
    ...over,
  });
  const healthy = judge(sampleSnapshot());
  const differencesOf = (findings: Finding[], expected: RecordedCase['expected']) => {
    const causes: Cause[] = findings.map((one) => ({ finding: one, symptoms: [] }));
    return differences({ ...healthy, causes }, expected);
  };
  const wanted = { codes: ['MP1101'], cluster: 'west', object: 'Secret a/cacerts', names: ['cacerts'] };
  assert.deepEqual(differencesOf([finding(), finding({ severity: 'info', code: 'MP1102' })], wanted), []);
  assert.deepEqual(
    differencesOf([finding(), finding({ code: 'MP1102' })], { ...wanted, besides: ['MP1102'] }),
    [],
  );
  assert.deepEqual(differencesOf([finding({ severity: 'info' })], 'healthy'), []);
  const wrong: [Finding[], RecordedCase['expected']][] = [
    [[], wanted],
    [[finding({ severity: 'warning' })], 'healthy'],
    [[finding({ code: 'MP1102' })], wanted],
    [[finding({ severity: 'warning' })], wanted],
    [[finding({ cluster: 'east' })], wanted],
    [[finding({ object: 'Secret b/cacerts' })], wanted],
    [[finding()], { ...wanted, names: ['shop-only'] }],
    [[finding(), finding({ code: 'MP1102', severity: 'warning' })], wanted],
  ];
  for (const [findings, expected] of wrong) assert.equal(differencesOf(findings, expected).length, 1);
});
