import assert from 'node:assert/strict';
import { test } from 'node:test';
import { locate, type Check, type Explanations, type Relation, type Sighting } from './check.ts';
import { circleOf, fold } from './fold.ts';

const check = (code: string, severity: Check['severity'], explains: Explanations = {}): Check => ({
  ...{ code, severity, explains, title: code, explanation: '', remedy: '', reference: '', needs: [] },
  run: () => [],
});
const seen = (of: Check, sighting: Partial<Sighting> = {}) =>
  locate(of, { evidence: [], cause: of.code, ...sighting });
const shape = (causes: ReturnType<typeof fold>) =>
  causes.map(({ finding, symptoms }) => [finding.code, finding.severity, symptoms.map(({ code }) => code)]);

const symptom = check('MP3001', 'error');
const between = check('MP2002', 'error', { pair: ['MP3001'] });
const root = check('MP2001', 'warning', { pair: ['MP2002'] });
const all = [root, between, symptom];

test('a cause has its symptoms under it, and the severity of the gravest symptom', () => {
  const pair = { cluster: 'west', peer: 'east' };
  const causes = fold([seen(symptom, pair), seen(between, pair), seen(root, pair)], all);
  assert.deepEqual(shape(causes), [['MP2001', 'error', ['MP2002', 'MP3001']]]);
});

test('a cause does not explain the other direction', () => {
  const causes = fold(
    [seen(between, { cluster: 'west', peer: 'east' }), seen(symptom, { cluster: 'east', peer: 'west' })],
    all,
  );
  assert.deepEqual(shape(causes), [
    ['MP2002', 'error', []],
    ['MP3001', 'error', []],
  ]);
});

test('relations: target, cluster, object, subject, mesh', () => {
  const [pod, other] = ['Pod a/b', 'Pod a/c'];
  const cases: [Relation, Partial<Sighting>, Partial<Sighting>, boolean][] = [
    ['target', { cluster: 'east' }, { cluster: 'west', peer: 'east' }, true],
    ['target', { cluster: 'west' }, { cluster: 'west', peer: 'east' }, false],
    ['target', { cluster: 'east' }, { cluster: 'east' }, true],
    ['cluster', { cluster: 'a', peer: 'b' }, { cluster: 'c', peer: 'a' }, true],
    ['cluster', { cluster: 'a', peer: 'b' }, { cluster: 'b', peer: 'c' }, false],
    ['cluster', {}, { cluster: 'b', peer: 'c' }, true],
    ['cluster', { cluster: 'a' }, { cluster: 'b' }, false],
    ['object', { cluster: 'a', object: pod }, { cluster: 'a', object: pod, peer: 'b' }, true],
    ['object', { cluster: 'a', object: pod }, { cluster: 'a', object: other }, false],
    ['object', { cluster: 'a', object: pod }, { cluster: 'b', object: pod }, false],
    ['object', { cluster: 'a' }, { cluster: 'a' }, false],
    ['subject', { cluster: 'a', subject: 'x/y' }, { cluster: 'a', subject: 'x/y' }, true],
    ['subject', { cluster: 'a', subject: 'x/y' }, { cluster: 'a', subject: 'x/z' }, false],
    ['subject', { cluster: 'a', covers: ['x', 'y'] }, { cluster: 'a', subject: ['y', 'x'] }, true],
    ['subject', { cluster: 'a', covers: ['x', 'y'] }, { cluster: 'a', subject: ['y', 'z'] }, false],
    ['subject', { cluster: 'a', covers: ['*.ns.svc.x'] }, { cluster: 'a', subject: 'y.ns.svc.x' }, true],
    ['subject', { cluster: 'a', peer: 'b', subject: 'x' }, { cluster: 'b', subject: 'x' }, true],
    ['source and subject', { cluster: 'a', peer: 'b', subject: 'x' }, { cluster: 'b', subject: 'x' }, false],
    ['target and subject', { cluster: 'a', subject: 'x' }, { cluster: 'b', peer: 'a', subject: 'x' }, true],
    ['target and subject', { cluster: 'a', subject: 'x' }, { cluster: 'b', peer: 'a', subject: 'y' }, false],
    ['mesh and subject', { cluster: 'a', subject: 'x' }, { cluster: 'b', subject: 'x' }, true],
    ['subject', { cluster: 'a' }, { cluster: 'a' }, false],
    ['mesh', { cluster: 'a' }, { cluster: 'b' }, true],
  ];
  for (const [by, cause, effect, folded] of cases) {
    const one = check('MP1001', 'error', { [by]: ['MP3001'] });
    const causes = fold([seen(one, cause), seen(symptom, effect)], [one, symptom]);
    assert.equal(causes.length, folded ? 1 : 2, JSON.stringify([by, cause, effect]));
  }
});

test('two causes together explain a finding about both of their subjects', () => {
  const one = check('MP1001', 'error', { subject: ['MP3001'] });
  const causes = ['x', 'y'].map((subject) => seen(one, { subject }));
  const effect = seen(symptom, { subject: ['x', 'y'] });
  assert.deepEqual(shape(fold([...causes, effect], [one, symptom])), [
    ['MP1001', 'error', ['MP3001']],
    ['MP1001', 'error', []],
  ]);
  assert.equal(fold([...causes.slice(1), effect], [one, symptom]).length, 2);
});

test('an info does not explain an error', () => {
  const note = check('MP1001', 'info', { mesh: ['MP3001'] });
  assert.equal(fold([seen(note), seen(symptom)], [note, symptom]).length, 2);
});

test('causes are ordered by severity, then by how much they explain, then by code', () => {
  const others = [check('MP4001', 'info'), check('MP4002', 'warning'), check('MP1009', 'error')];
  const found = [...others.map((one) => seen(one)), seen(between), seen(symptom)];
  assert.deepEqual(
    shape(fold(found, [...all, ...others])).map(([code]) => code),
    ['MP2002', 'MP1009', 'MP4002', 'MP4001'],
  );
});

test('symptoms of severity info do not bring a cause forward', () => {
  const note = check('MP7001', 'info');
  const noted = check('MP2009', 'error', { mesh: ['MP7001'] });
  const found = [seen(noted), ...Array.from({ length: 3 }, () => seen(note)), seen(check('MP1009', 'error'))];
  assert.deepEqual(
    shape(fold(found, [noted, note, check('MP1009', 'error')])).map(([code]) => code),
    ['MP1009', 'MP2009'],
  );
});

test('of two causes with the same weight, a name that nothing has comes last', () => {
  const leftover: Check = { ...check('MP1204', 'warning'), isLeftover: true };
  const missing = check('MP5102', 'warning');
  assert.deepEqual(
    shape(fold([seen(leftover), seen(missing)], [leftover, missing])).map(([code]) => code),
    ['MP5102', 'MP1204'],
  );
});

test('a circle is found', () => {
  const a = check('MP1001', 'error', { mesh: ['MP1002'] });
  const b = check('MP1002', 'error', { mesh: ['MP1001'] });
  assert.deepEqual(circleOf([a, b]), ['MP1001', 'MP1002', 'MP1001']);
  assert.equal(circleOf(all), undefined);
});
