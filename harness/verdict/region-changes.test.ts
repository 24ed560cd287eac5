import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeSettles, regionChanges } from './region-changes.ts';
import { timelineOf, type Fate } from './sample-timelines.ts';

const healing = 'local pods are requested';
const healed = 'local pods are ready';

/** East answers for 1 s, then `fate` decides. Local pods are requested after 500 ms, and ready after 900 ms. */
const returning = (fate: (startMs: number) => Fate, forMs = 6_000) =>
  timelineOf({
    forMs,
    fate: (startMs) => (startMs < 1_000 ? { from: 'east' } : fate(startMs)),
    events: { [healing]: 500, [healed]: 900 },
  });
const judge = (timeline: ReturnType<typeof returning>) =>
  judgeSettles({ timeline, healing, healed, knownMs: 300, local: 'west', quietMs: 4_000, inARow: 10 });

test('a change of region counts once, even if answers mix while traffic moves', () => {
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

test('failures and answers without an origin do not change the region', () => {
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

test('a single return that lasts passes', () => {
  const { verdict, reason, measurements } = judge(returning(() => ({ from: 'west' })));
  assert.equal(verdict, 'pass', reason);
  assert.match(reason, /east → west/);
  assert.equal(measurements[0]?.value, 1);
});

test('traffic that goes back and forth fails, and the reason lists the regions', () => {
  const flapping = returning((startMs) => ({ from: startMs > 3_000 && startMs < 3_400 ? 'east' : 'west' }));
  const { verdict, reason } = judge(flapping);
  assert.equal(verdict, 'fail');
  assert.match(reason, /3 times: east → west → east → west/);
});

test('a single answer elsewhere after the return fails, although no region took over', () => {
  const straying = returning((startMs) => ({ from: startMs === 4_000 ? 'east' : 'west' }));
  const { verdict, reason } = judge(straying);
  assert.equal(verdict, 'fail');
  assert.match(reason, /1 request left west again/);
});

test('a short recording, a missing event or a missing return cannot be judged', () => {
  assert.equal(judge(returning(() => ({ from: 'west' }), 3_000)).verdict, 'error');
  assert.equal(judge(returning(() => ({ from: 'east' }))).verdict, 'error');
  const unmarked = timelineOf({ forMs: 6_000, fate: () => ({ from: 'west' }) });
  assert.equal(judge(unmarked).verdict, 'error');
});

test('traffic that spills over while only some local pods are ready returns once', () => {
  const spilling = returning(
    (startMs) => ({ from: startMs < 1_800 && startMs % 30 === 0 ? 'east' : 'west' }),
    7_000,
  );
  const { verdict, reason } = judge(spilling);
  assert.equal(verdict, 'pass', reason);
});

test('a chance streak before proxies know the second local pod does not begin the quiet time', () => {
  // West answers ten times in a row right after 1 s. Then every third request goes east until `untilMs`.
  const spilling = (untilMs: number) =>
    returning(
      (startMs) => ({ from: startMs > 1_150 && startMs < untilMs && startMs % 30 === 0 ? 'east' : 'west' }),
      7_000,
    );
  const known = judge(spilling(1_200));
  assert.equal(known.verdict, 'pass', known.reason);
  assert.equal(
    judge(spilling(1_300)).verdict,
    'fail',
    'proxies must know both pods 300 ms after they are ready',
  );
});
