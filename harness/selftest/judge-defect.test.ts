import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { z } from 'zod';
import { defineFault } from '../chaos/fault.ts';
import { breakage, type Defect } from './defect.ts';
import { judgeDoctor, judgePromises, judgeSelftest } from './judge-defect.ts';
import type { SelftestCause, SelftestRow } from './report/schema.ts';
import { rowOf } from './selftest.ts';
import type { DefectRecording } from './try-defect.ts';

const cause = (code: string, over: Partial<SelftestCause> = {}): SelftestCause => ({
  ...{ code, severity: 'error', cluster: 'west', sentence: `${code} it is.`, explains: [] },
  ...over,
});

describe('the doctor', () => {
  test('names a defect if the first cause has a listed code', () => {
    const judged = judgeDoctor(
      ['MP2101', 'MP2102'],
      [cause('MP2102', { explains: ['MP2301'] }), cause('MP2101')],
    );
    assert.deepEqual(judged, { verdict: 'named', reason: 'MP2102 it is. Other causes: MP2101.' });
  });

  test('reports a symptom if another cause is first, with the rank of the listed code', () => {
    const later = judgeDoctor(['MP2101'], [cause('MP3301'), cause('MP2101')]);
    assert.equal(later.verdict, 'symptom');
    assert.match(later.reason, /first cause is MP3301, not MP2101, which is cause 2/);
    const under = judgeDoctor(['MP2101'], [cause('MP3301', { explains: ['MP2101'] })]);
    assert.equal(under.verdict, 'symptom');
    assert.match(under.reason, /which MP3301 explains/);
    const absent = judgeDoctor(['MP2101'], [cause('MP3301', { severity: 'warning' })]);
    assert.equal(absent.verdict, 'symptom');
    assert.match(absent.reason, /which is not reported/);
  });

  test('reports a symptom if the listed code names another cluster or peer', () => {
    const place = { cluster: 'west', peer: 'east' };
    const judged = (over: Partial<SelftestCause>) => judgeDoctor(['MP2101'], [cause('MP2101', over)], place);
    assert.equal(judged({ peer: 'east' }).verdict, 'named');
    assert.equal(judged({ cluster: 'east', peer: 'west' }).verdict, 'symptom');
    assert.equal(judged({ peer: 'north' }).verdict, 'symptom');
    const later = judgeDoctor(
      ['MP2101'],
      [cause('MP2101', { cluster: 'east' }), cause('MP2101', { peer: 'east' })],
      place,
    );
    assert.match(
      later.reason,
      /first cause is MP2101 of east, not MP2101 of west towards east, which is cause 2/,
    );
  });

  test('misses a defect without causes above info, also with a listed code', () => {
    assert.equal(judgeDoctor(['MP2101'], []).verdict, 'missed');
    assert.equal(judgeDoctor(['MP2101'], [cause('MP2101', { severity: 'info' })]).verdict, 'missed');
  });

  test('ignores an info before the first cause above info', () => {
    const causes = [cause('MP2101', { severity: 'info' }), cause('MP3301', { severity: 'warning' })];
    assert.equal(judgeDoctor(['MP2101'], causes).verdict, 'symptom');
    assert.equal(judgeDoctor(['MP3301'], causes).verdict, 'named');
  });
});

describe('promises', () => {
  const healthy = [
    { id: 'CON-01', verdict: 'pass', reason: '' },
    { id: 'CON-02', verdict: 'pass', reason: '' },
    { id: 'CON-03', verdict: 'pass', reason: '' },
    { id: 'CON-04', verdict: 'pass', reason: '' },
    { id: 'LOC-01', verdict: 'fail', reason: 'flaky' },
  ] as const;

  test('are broken, kept or not judged; promises that failed before do not count', () => {
    const seen = [
      { id: 'CON-01', verdict: 'fail', reason: '503' },
      { id: 'CON-02', verdict: 'pass', reason: 'held' },
      { id: 'CON-03', verdict: 'error', reason: 'no probe' },
      { id: 'LOC-01', verdict: 'fail', reason: 'again' },
    ] as const;
    const ids = ['CON-01', 'CON-02', 'CON-03', 'CON-04', 'LOC-01', 'LOC-09'];
    assert.deepEqual(
      judgePromises(ids, healthy, seen).map(({ id, outcome }) => [id, outcome]),
      [
        ['CON-01', 'broken'],
        ['CON-02', 'kept'],
        ['CON-03', 'notJudged'],
        ['CON-04', 'notJudged'],
        ['LOC-01', 'uncounted'],
        ['LOC-09', 'uncounted'],
      ],
    );
  });
});

const nothing = defineFault({
  ...{ id: 'nothing', title: 'Nothing', disturbs: 'nothing', needsLab: false, stage: 'rest' },
  ...{ bounds: { injectMs: 1, healMs: 1 }, parameters: z.object({}), undo: z.null(), clusters: () => [] },
  prepare: () => Promise.resolve(null),
  inject: () => Promise.resolve(),
  prove: () => Promise.resolve(''),
  heal: () => Promise.resolve(),
  proveHealed: () => Promise.resolve(''),
});

const defect: Defect = {
  ...{ id: 'remote-secret-missing', title: 'A remote secret is missing', family: 'discovery' },
  ...{ cause: 'Somebody deleted it.', silent: false, findings: ['MP2101'], promises: ['CON-02'] },
  break: () => [breakage(nothing, {})],
};

const seconds = {
  ...{ breaking: 1, settling: 3, doctor: 2, istioctl: 1, promises: 9, healing: 1, healthy: 3, all: 20 },
};
const recorded: DefectRecording = {
  breakages: [{ fault: 'nothing', parameters: {}, evidence: 'It is gone.' }],
  causes: [cause('MP2101')],
  istioctl: null,
  promises: [{ id: 'CON-02', verdict: 'fail', reason: '503' }],
  seconds,
};
const row = (over: Partial<DefectRecording> = {}, trouble?: string): SelftestRow =>
  rowOf(
    defect,
    { ...recorded, ...over },
    { promises: [{ id: 'CON-02', verdict: 'pass', reason: '' }], trouble, seconds },
  );

describe('a row', () => {
  test('is judged by the clusters of its finding, and records them', () => {
    const of = { promises: [], seconds, place: { cluster: 'east' } };
    const judged = rowOf(defect, recorded, of);
    assert.deepEqual([judged.verdict, judged.expected.where], ['symptom', { cluster: 'east' }]);
  });

  test('without proof of the breakage is an error with causes and without promises', () => {
    const error = new Error('nothing has no proven effect; it was healed.', {
      cause: new Error('Still 2 pods.'),
    });
    const judged = row({ causes: null, promises: [], trouble: { error, unavailable: false } });
    assert.equal(judged.verdict, 'error');
    assert.equal(judged.reason, 'nothing has no proven effect; it was healed. Still 2 pods.');
    assert.deepEqual(judged.promises, []);
  });

  test('is skipped if the mesh cannot have the defect', () => {
    assert.equal(
      row({ causes: null, trouble: { error: new Error('no netem'), unavailable: true } }).verdict,
      'skipped',
    );
  });

  test('is an error if the mesh does not become healthy, also for a named defect', () => {
    const judged = row({}, 'The mesh was not healthy again: MP2101.');
    assert.equal(judged.verdict, 'error');
    assert.match(judged.reason, /not healthy again.*the doctor: named/);
  });
});

describe('the verdict on the harness', () => {
  const verdictOf = (rows: SelftestRow[], ended?: string) => judgeSelftest(rows, ended).verdict;

  test('is pass if every defect is named and every listed promise is broken', () => {
    assert.equal(verdictOf([row(), row()]), 'pass');
  });

  test('is fail if a defect is missed or only a symptom, or a promise passes with it', () => {
    assert.equal(verdictOf([row(), row({ causes: [] })]), 'fail');
    assert.equal(verdictOf([row(), row({ causes: [cause('MP3301')] })]), 'fail');
    const kept = row({ promises: [{ id: 'CON-02', verdict: 'pass', reason: '' }] });
    assert.equal(verdictOf([row(), kept]), 'fail');
    assert.match(judgeSelftest([kept]).reason, /CON-02 passes with remote-secret-missing\./);
  });

  test('is error if something was not judged, it ended early, or it has no rows', () => {
    const unjudged = row({ promises: [{ id: 'CON-02', verdict: 'error', reason: 'no probe' }] });
    const broken = row({ causes: null, trouble: { error: new Error('no proof'), unavailable: false } });
    assert.equal(verdictOf([row(), unjudged]), 'error');
    assert.equal(verdictOf([row(), broken]), 'error');
    assert.equal(verdictOf([row({ causes: [] }), broken]), 'fail');
    assert.equal(verdictOf([row({ causes: [] })], 'It was interrupted.'), 'error');
    assert.equal(verdictOf([]), 'error');
  });
});
