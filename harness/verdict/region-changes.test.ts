import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSettles, regionChanges } from './region-changes.ts';
import { timelineOf, type Fate } from './sample-timelines.ts';

const healing = 'local pods are asked for';
const healed = 'local pods are ready';

/** East answers, then from 1 s on whoever `fate` says; local pods are asked for after 500 ms. */
const returning = (fate: (startMs: number) => Fate, forMs = 6_000) =>
  timelineOf({
    forMs,
    fate: (startMs) => (startMs < 1_000 ? { from: 'east' } : fate(startMs)),
    events: { [healing]: 500, [healed]: 900 },
  });
const judge = (timeline: ReturnType<typeof returning>) =>
  judgeSettles({ timeline, healing, healed, knownMs: 300, local: 'west', quietMs: 4_000, inARow: 10 });

test('a change of region is counted once, however answers mix while traffic moves', () => {
  const { requests } = timelineOf({
    forMs: 1_000,
    fate: (startMs, index) => ({
      from: startMs < 400 || (startMs < 500 && index % 2 === 0) ? 'east' : 'west',
    }),
  });
  assert.deepEqual(
    regionChanges(requests, 10).map(({ region }) => region),
    ['east', 'west'],
  );
});

test('failures and answers without an origin change no region', () => {
  const { requests } = timelineOf({
    forMs: 600,
    fate: (_, index) =>
      index % 3 === 0 ? { outcome: 'upstreamReset' } : index % 3 === 1 ? {} : { from: 'west' },
  });
  assert.deepEqual(
    regionChanges(requests, 10).map(({ region }) => region),
    ['west'],
  );
});

test('one return that lasts passes', () => {
  const { verdict, reason, measurements } = judge(returning(() => ({ from: 'west' })));
  assert.equal(verdict, 'pass', reason);
  assert.match(reason, /east → west/);
  assert.equal(measurements[0]?.value, 1);
});

test('traffic that goes back and forth fails and tells the way', () => {
  const flapping = returning((startMs) => ({ from: startMs > 3_000 && startMs < 3_400 ? 'east' : 'west' }));
  const { verdict, reason } = judge(flapping);
  assert.equal(verdict, 'fail');
  assert.match(reason, /3 times: east → west → east → west/);
});

test('single answers elsewhere after the return fail, though no region took over', () => {
  const straying = returning((startMs) => ({ from: startMs === 4_000 ? 'east' : 'west' }));
  const { verdict, reason } = judge(straying);
  assert.equal(verdict, 'fail');
  assert.match(reason, /1 request left west again/);
});

test('a recording that ends too soon, without the event, or without a return cannot be judged', () => {
  assert.equal(judge(returning(() => ({ from: 'west' }), 3_000)).verdict, 'error');
  assert.equal(judge(returning(() => ({ from: 'east' }))).verdict, 'error');
  const unmarked = timelineOf({ forMs: 6_000, fate: () => ({ from: 'west' }) });
  assert.equal(judge(unmarked).verdict, 'error');
});

test('traffic that spills over while only some local pods are ready is one return', () => {
  const spilling = returning(
    (startMs) => ({ from: startMs < 1_800 && startMs % 30 === 0 ? 'east' : 'west' }),
    7_000,
  );
  const { verdict, reason } = judge(spilling);
  assert.equal(verdict, 'pass', reason);
});

test('a streak by luck, while the second local pod is not known yet, begins no quiet time', () => {
  // West is drawn often from 1 s on, ten times in a row at once; every third goes east until all proxies have to know both pods.
  const spilling = (untilMs: number) =>
    returning(
      (startMs) => ({ from: startMs > 1_150 && startMs < untilMs && startMs % 30 === 0 ? 'east' : 'west' }),
      7_000,
    );
  const known = judge(spilling(1_200));
  assert.equal(known.verdict, 'pass', known.reason);
  assert.equal(judge(spilling(1_300)).verdict, 'fail', 'both are known 300 ms after they are ready');
});
