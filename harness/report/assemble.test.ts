import assert from 'node:assert/strict';
import test from 'node:test';
import { assembleReport, conclude, exitCode } from './assemble.ts';
import { describeMachine, type RunContext } from './context.ts';
import { samplePromise } from './sample.ts';
import type { ReportPromise } from './schema.ts';

const promises = (...verdicts: ReportPromise['verdict'][]) =>
  verdicts.map((verdict, index) => samplePromise({ id: `LOC-0${index + 1}`, verdict }));

const cases: [ReportPromise['verdict'][], string[], string, string][] = [
  [['pass', 'pass'], [], 'pass', 'All 2 promises hold.'],
  [['pass'], [], 'pass', 'The promise holds.'],
  [['pass', 'skipped'], [], 'pass', '1 of 2 promises hold, 1 was skipped.'],
  [
    ['pass', 'fail', 'error'],
    [],
    'fail',
    '1 of 3 promises is broken: LOC-02. 1 of 3 promises could not be judged: LOC-03.',
  ],
  [
    ['fail', 'error'],
    ['Interrupted.'],
    'fail',
    '1 of 2 promises is broken: LOC-01. 1 of 2 promises could not be judged: LOC-02. Interrupted.',
  ],
  [['pass', 'error'], [], 'error', '1 of 2 promises could not be judged: LOC-02.'],
  [['error', 'error'], ['East is down.'], 'error', 'East is down.'],
  [['pass', 'pass'], ['Tear-down failed.'], 'error', 'Tear-down failed.'],
  [['skipped'], [], 'error', 'Nothing was judged: all promises were skipped.'],
  [[], [], 'error', 'Nothing was judged: the run has 0 promises.'],
];

for (const [verdicts, troubles, verdict, reason] of cases) {
  test(`${verdicts.join(', ') || 'nothing'}${troubles.length ? ' and trouble' : ''} make ${verdict}`, () => {
    assert.deepEqual(conclude(promises(...verdicts), troubles), { verdict, reason });
  });
}

test('each verdict has an exit code', () => {
  assert.deepEqual(
    ['pass', 'fail', 'error'].map((one) => exitCode(one as 'pass')),
    [0, 1, 2],
  );
});

const context: RunContext = {
  ...{
    name: 'run',
    command: 'npm run certify',
    startedAt: '2026-09-14T09:00:00.000Z',
    versions: {},
    mesh: null,
  },
  machine: describeMachine(),
};

test('workers that wait at the same time do not wait longer than the run', () => {
  const run = { finishedAt: new Date('2026-09-14T09:00:10Z'), peakMemoryBytes: null, troubles: [] };
  const both = [
    samplePromise({ id: 'LOC-01', waitingMs: 6_000 }),
    samplePromise({ id: 'LOC-02', waitingMs: 6_000 }),
  ];
  const start = Date.parse(context.startedAt);
  const parallel = assembleReport(context, {
    ...run,
    promises: both,
    waiting: [
      [start, start + 6_000],
      [start + 1_000, start + 7_000],
    ],
  });
  assert.equal(parallel.harness.waitingMs, 7_000);
  assert.equal(parallel.harness.durationMs, 10_000);
  const coarse = assembleReport(context, { ...run, promises: [both[0]!], waiting: [[start, start + 6_900]] });
  assert.equal(coarse.harness.waitingMs, 6_000, 'a closed gap is not waiting');
});

test('a report that does not fit its schema is not written', () => {
  const run = { finishedAt: new Date(), peakMemoryBytes: null, troubles: [], waiting: [] };
  assert.throws(
    () => assembleReport(context, { ...run, promises: [samplePromise({ id: 'nonsense' })] }),
    /LOC|id/,
  );
});
