import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { faults } from '../chaos/faults.ts';
import { disturbanceProblem } from './disruption-policy.ts';

const disturbing = { id: 'GWY-01', disturbs: 'gateway' } as const;

test('every mesh allows a promise that disturbs nothing, and a lab allows every promise', () => {
  assert.equal(disturbanceProblem({ id: 'CON-01', disturbs: 'nothing' }, false), undefined);
  assert.equal(disturbanceProblem(disturbing, true), undefined);
});

test('a promise that needs a lab cannot be allowed by its id', () => {
  const promise = { id: 'RES-05', disturbs: 'link', needsLab: true } as const;
  assert.equal(disturbanceProblem(promise, true), undefined);
  for (const allowed of ['', 'RES-05'])
    assert.match(
      disturbanceProblem(promise, false, allowed) ?? '',
      /^disturbs the link .*; this mesh is not a lab$/,
    );
});

test('on a mesh that is not a lab, a promise has to be allowed by its id', () => {
  const refused = 'disturbs the gateway; allow it with --allow GWY-01';
  assert.equal(disturbanceProblem(disturbing, false), refused);
  assert.equal(disturbanceProblem(disturbing, false, ''), refused);
  assert.equal(disturbanceProblem(disturbing, false, 'GWY-02,GWY-011'), refused);
  assert.equal(disturbanceProblem(disturbing, false, 'GWY-02, GWY-01'), undefined);
});

test('a suite declares needsLab if its faults need a lab', () => {
  const cwd = path.join(import.meta.dirname, '../../suites');
  let needing = 0;
  for (const suite of globSync('**/*.spec.ts', { cwd })) {
    const text = readFileSync(path.join(cwd, suite), 'utf8');
    const kinds = [...text.matchAll(/chaos\.faults\.(\w+)/g)].map(
      ([, name]) => faults[name as keyof typeof faults],
    );
    const needsLab = kinds.some((kind) => kind.needsLab);
    assert.equal(/^ {4}needsLab: true,$/m.test(text), needsLab, suite);
    needing += Number(needsLab);
  }
  assert.ok(needing > 0);
});
