import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestInfo } from '@playwright/test';
import { payloadsOf } from '../report/annotations.ts';
import { cannotJudge, fail, pass } from '../verdict/judgement.ts';
import { holdAll, holdPhases } from './record-and-expect.ts';

const running = () => ({ annotations: [] }) as unknown as TestInfo;
const recorded = ({ annotations }: TestInfo) =>
  payloadsOf('meshproof.judgement', annotations).map(({ scope, verdict }) => `${scope} ${verdict}`);

test('all judgements are recorded before one that does not hold ends the test', () => {
  const testInfo = running();
  assert.throws(() => holdAll(testInfo, { a: fail('no'), b: pass('yes') }), /a: no/);
  assert.deepEqual(recorded(testInfo), ['a fail', 'b pass']);
  assert.throws(() => holdAll(running(), {}), /nothing to judge/);
});

test('the judgement of a phase stays recorded if a later phase throws', () => {
  const testInfo = running();
  const run = () => {
    const phases = holdPhases(testInfo);
    phases.record({ first: fail('no') });
    throw new Error('the second cannot begin');
  };
  assert.throws(run, /cannot begin/);
  assert.deepEqual(recorded(testInfo), ['first fail']);
});

test('a phase that does not hold ends the test after the last phase', () => {
  const testInfo = running();
  const phases = holdPhases(testInfo);
  phases.record({ first: cannotJudge('unknown') });
  phases.record({ second: pass('yes') });
  assert.throws(() => phases.hold(), /first: unknown/);
  assert.deepEqual(recorded(testInfo), ['first error', 'second pass']);
});
