import assert from 'node:assert/strict';
import { test } from 'node:test';
import { disturbanceProblem } from './allowance.ts';

const disturbing = { id: 'GWY-01', disturbs: 'gateway' } as const;

test('what disturbs nothing may be tried anywhere, and anything in a lab', () => {
  assert.equal(disturbanceProblem({ id: 'CON-01', disturbs: 'nothing' }, false), undefined);
  assert.equal(disturbanceProblem(disturbing, true), undefined);
});

test('in a mesh of others a disturbance has to be allowed by name', () => {
  const refused = 'disturbs the gateway; allow it with --allow GWY-01';
  assert.equal(disturbanceProblem(disturbing, false), refused);
  assert.equal(disturbanceProblem(disturbing, false, ''), refused);
  assert.equal(disturbanceProblem(disturbing, false, 'GWY-02,GWY-011'), refused);
  assert.equal(disturbanceProblem(disturbing, false, 'GWY-02, GWY-01'), undefined);
});
