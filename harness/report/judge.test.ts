import assert from 'node:assert/strict';
import test from 'node:test';
import { annotation, type Declaration } from './annotations.ts';
import { judgeTrial, type TrialResult, type TrialStep } from './judge.ts';

const declaration: Declaration = {
  ...{ id: 'LOC-02', title: 'It holds.', topic: 'locality', level: 'core', disturbs: 'nothing' },
  ...{ references: ['https://istio.io/'], suite: 'suites/locality/x.spec.ts', timeoutMs: 5 },
};

const judged = (verdict: 'pass' | 'fail' | 'error', reason: string) =>
  annotation('meshproof.judgement', { verdict, reason, measurements: [{ name: 'n', value: 1, unit: '' }] });
const ended = (how: 'returned' | 'broken' | 'threw', message = '') =>
  annotation('meshproof.outcome', { ended: how, message });
const step = (title: string, given: Partial<TrialStep> = {}): TrialStep => ({
  ...{ title, category: 'test.step', duration: 1, steps: [] },
  ...given,
});

function judge(given: Partial<TrialResult>) {
  const result: TrialResult = {
    ...{ status: 'passed', startTime: new Date(0), duration: 20, annotations: [], errors: [], steps: [] },
    ...given,
  };
  return judgeTrial(declaration, result, 'it was not reached', new Date(9));
}

test('passing judgements make a pass, with all reasons and numbers', () => {
  const entry = judge({
    annotations: [judged('pass', 'west held'), judged('pass', 'east held'), ended('returned')],
  });
  assert.equal(entry.verdict, 'pass');
  assert.equal(entry.reason, 'west held\neast held');
  assert.equal(entry.measurements.length, 2);
  assert.deepEqual(entry.judgements, [
    { verdict: 'pass', reason: 'west held' },
    { verdict: 'pass', reason: 'east held' },
  ]);
  assert.ok(!('timeoutMs' in entry));
});

test('a failed judgement outweighs passing ones and a later error', () => {
  const annotations = [
    judged('pass', 'west held'),
    judged('fail', 'east did not'),
    ended('threw', 'no answer'),
  ];
  const { verdict, reason } = judge({
    annotations,
    status: 'failed',
    errors: [{ message: 'Error: no answer' }],
  });
  assert.deepEqual({ verdict, reason }, { verdict: 'fail', reason: 'east did not\nOther errors: no answer' });
});

test('the report has the first recorded cause, unless the promise is kept', () => {
  const cause = (code: string) =>
    annotation('meshproof.cause', { code, sentence: 'x', remedy: 'y', anchor: 'z' });
  const causes = [cause('MP1001'), cause('MP2001')];
  assert.equal(judge({ annotations: [judged('fail', 'no'), ...causes] }).cause?.code, 'MP1001');
  assert.equal(judge({ annotations: [judged('error', 'no'), ...causes] }).cause?.code, 'MP1001');
  assert.ok(!('cause' in judge({ annotations: [judged('pass', 'yes'), ...causes] })));
});

test('an assertion on a judgement of error is not evidence against the mesh', () => {
  const annotations = [judged('error', 'no requests'), ended('broken', 'expected pass')];
  const entry = judge({ annotations, status: 'failed', errors: [{ message: 'Error: expected pass' }] });
  assert.deepEqual([entry.verdict, entry.reason], ['error', 'no requests']);
});

test('an error of healing is added to the reason', () => {
  const errors = [{ message: 'Error: \u001b[31msaw east\u001b[39m' }, { message: 'Error: cannot heal' }];
  const entry = judge({
    annotations: [ended('broken', '\u001b[31msaw east\u001b[39m')],
    status: 'failed',
    errors,
  });
  assert.deepEqual([entry.verdict, entry.reason], ['fail', 'saw east\nOther errors: cannot heal']);
});

test('an assertion in a fixture is an error of the harness', () => {
  const error = { message: 'Error: not ready' };
  const hook = step('Before Hooks', {
    category: 'hook',
    steps: [step('Expect', { category: 'expect', error })],
  });
  const entry = judge({ status: 'failed', errors: [error], steps: [hook] });
  assert.deepEqual([entry.verdict, entry.reason], ['error', 'Not finished: not ready']);
});

test('a soft failure inside a step is a failure, a caught one is not', () => {
  const error = { message: 'Error: 1 is not 2' };
  const steps = [step('look', { steps: [step('soft', { category: 'expect', error })] })];
  const annotations = [judged('pass', 'held'), ended('returned')];
  assert.equal(judge({ status: 'failed', errors: [error], steps, annotations }).verdict, 'fail');
  assert.equal(judge({ steps, annotations }).verdict, 'pass');
});

test('the reason of a timeout has the interrupted step', () => {
  const errors = [{ message: 'Test timeout of 5ms exceeded.' }];
  const steps = [
    step('apply'),
    step('kill', { duration: -1, steps: [step('wait for the end', { duration: -1 })] }),
  ];
  const { verdict, reason } = judge({
    status: 'timedOut',
    errors,
    steps,
    annotations: [judged('pass', 'held')],
  });
  assert.equal(verdict, 'error');
  assert.equal(reason, 'Test timeout of 5ms exceeded.\nLast step: kill › wait for the end');
});

test('a skip without an annotation is an error', () => {
  assert.equal(
    judge({ status: 'skipped', annotations: [{ type: 'skip', description: 'no lab' }] }).verdict,
    'skipped',
  );
  const given = judge({ status: 'skipped' });
  assert.deepEqual([given.verdict, given.reason], ['error', 'Not judged: it was not reached']);
});

test('a promise that was not tried is an error at the end of the run', () => {
  const entry = judgeTrial(declaration, undefined, 'east is down', new Date(9));
  assert.deepEqual([entry.verdict, entry.reason], ['error', 'Not judged: east is down']);
  assert.equal(entry.startedAt, new Date(9).toISOString());
});

test('the waiting time is at most the duration', () => {
  const waiting = annotation('meshproof.waiting', { waitingMs: 25, intervals: [] });
  assert.equal(judge({ annotations: [waiting] }).waitingMs, 20);
});

test('a busy machine is noted if it is the only reason of an error', () => {
  const busy = annotation('meshproof.judgement', {
    ...{ verdict: 'error', reason: 'a proxy waited', measurements: [] },
    machineBusy: true,
  });
  const matcher = [{ message: 'CannotJudge: west: a proxy waited' }];
  const threw = ended('threw', 'CannotJudge: west: a proxy waited');
  const failed = { status: 'failed', errors: matcher } as const;
  const entry = judge({ annotations: [busy, threw], ...failed });
  assert.deepEqual([entry.verdict, entry.machineBusy], ['error', true]);
  assert.deepEqual(entry.judgements, [{ verdict: 'error', reason: 'a proxy waited' }]);

  const alsoElse = [busy, judged('error', 'no answer'), threw];
  assert.ok(!('machineBusy' in judge({ annotations: alsoElse, ...failed })));
  assert.ok(!('machineBusy' in judge({ annotations: [busy, judged('fail', 'lost'), threw], ...failed })));
  const notHealed = [...matcher, { message: 'Error: cannot heal' }];
  assert.ok(!('machineBusy' in judge({ annotations: [busy, threw], status: 'failed', errors: notHealed })));
});

test('a load that a busy machine broke is noted', () => {
  const outcome = annotation('meshproof.outcome', {
    ended: 'threw',
    message: 'it stood still',
    machineBusy: true,
  });
  const entry = judge({
    annotations: [outcome],
    status: 'failed',
    errors: [{ message: 'Error: it stood still' }],
  });
  assert.deepEqual([entry.verdict, entry.machineBusy], ['error', true]);
});

test('the report says that the doctor is silent only of a broken promise', () => {
  const silent = annotation('meshproof.doctor-silent', {});
  assert.equal(judge({ annotations: [judged('fail', 'no'), silent] }).doctorSilent, true);
  assert.ok(!('doctorSilent' in judge({ annotations: [judged('error', 'no'), silent] })));
});
