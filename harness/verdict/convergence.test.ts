import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  consistently,
  eventually,
  judgeEventually,
  NotConverged,
  NotHeld,
  systemClock,
  type Clock,
} from './convergence.ts';

/** A clock that jumps to the next sleeper when no other work is left. */
class FakeClock implements Clock {
  private nowMs = 0;
  private sleepers: { atMs: number; wake: () => void }[] = [];

  now(): number {
    return this.nowMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = { atMs: this.nowMs + ms, wake: resolve };
      this.sleepers.push(sleeper);
      signal?.addEventListener('abort', () => {
        this.sleepers = this.sleepers.filter((other) => other !== sleeper);
        resolve();
      });
    });
  }

  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const finish = () => (done = true);
    work.then(finish, finish);
    for (await turn(); !done; await turn()) {
      const next = this.sleepers.sort((a, b) => a.atMs - b.atMs).shift();
      assert.ok(next, 'no sleeper is left that could wake the wait');
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
    return work;
  }
}

/** A probe that returns the values in order, then the last value for ever. It throws a value that is an Error. */
function scripted(...values: unknown[]): () => unknown {
  let i = 0;
  return () => {
    const value = values[Math.min(i++, values.length - 1)];
    if (value instanceof Error) throw value;
    return value;
  };
}

const wait = (
  probe: () => unknown,
  options: { inARow?: number; withinMs?: number; say?: (value: unknown) => string } = {},
) => {
  const clock = new FakeClock();
  const until = (value: unknown) => value === 4;
  return clock.run(
    eventually(probe, { until, withinMs: 1000, everyMs: 100, what: 'four endpoints', clock, ...options }),
  );
};

test('eventually needs N in a row, and reports when the row began', async () => {
  assert.deepEqual(await wait(scripted(1, 4, 3, 4)), { value: 4, convergedMs: 300, probes: 6 });
  assert.deepEqual(await wait(scripted(4), { inARow: 1 }), { value: 4, convergedMs: 0, probes: 1 });
});

test('the error names the value, the time, the probes, the longest row and the last value', async () => {
  await assert.rejects(wait(scripted(4, 4, 3)), (error: unknown) => {
    assert.ok(error instanceof NotConverged);
    assert.equal(
      error.message,
      'waited 900 ms for four endpoints: not seen in 10 probes, at best 2 of 3 times in a row; last seen: 3',
    );
    assert.deepEqual(error.observed, {
      what: 'four endpoints',
      waitedMs: 900,
      probes: 10,
      last: { value: 3 },
    });
    return true;
  });
});

test('a row must be complete in time', async () => {
  const values = Array.from({ length: 8 }, () => 0);
  await assert.rejects(wait(scripted(...values, 4)), /at best 2 of 3 times in a row; last seen: 4/);
});

test('a probe that throws breaks the row, and its error is the cause', async () => {
  assert.equal((await wait(scripted(4, 4, new Error('refused'), 4))).probes, 6);
  await assert.rejects(wait(scripted(3, new Error('refused'))), (error: Error) => {
    assert.match(error.message, /the last probe failed: refused; last seen: 3/);
    return (error.cause as Error).message === 'refused';
  });
});

test('a probe that hangs is aborted when the time is over', async () => {
  const clock = new FakeClock();
  let aborted = false;
  const hang = (signal: AbortSignal) =>
    new Promise<number>(() => signal.addEventListener('abort', () => (aborted = true)));
  const waiting = eventually(hang, { until: () => true, withinMs: 700, what: 'an answer', clock });
  await assert.rejects(
    clock.run(waiting),
    /waited 700 ms for an answer: not seen in 1 probe; the last probe failed: the probe did not answer/,
  );
  assert.ok(aborted);
});

const watch = (probe: () => unknown) => {
  const clock = new FakeClock();
  return clock.run(
    consistently(probe, {
      holds: (v) => v === 4,
      forMs: 1000,
      everyMs: 300,
      what: 'the number of endpoints',
      clock,
    }),
  );
};

test('consistently probes from beginning to end', async () => {
  assert.deepEqual(await watch(scripted(4)), {
    what: 'the number of endpoints',
    waitedMs: 1000,
    probes: 5,
    last: { value: 4 },
  });
});

test('a single unexpected value is enough, even at the end', async () => {
  await assert.rejects(watch(scripted(4, 4, 3)), (error: unknown) => {
    assert.ok(error instanceof NotHeld);
    assert.equal(
      error.message,
      'the number of endpoints had to hold for 1000 ms, but did not after 600 ms, at probe 3; last seen: 3',
    );
    return true;
  });
  await assert.rejects(watch(scripted(4, 4, 4, 4, 5)), NotHeld);
});

test('a failed probe is not an unexpected value', async () => {
  await assert.rejects(watch(scripted(4, new Error('refused'))), (error: Error) => {
    assert.ok(!(error instanceof NotHeld));
    return /could not read the number of endpoints, 300 ms into 1000 ms: refused/.test(error.message);
  });
});

test('converging in time as a promise passes, fails, or cannot be judged', async () => {
  const judge = (...values: unknown[]) => {
    const clock = new FakeClock();
    const options = {
      until: (v: unknown) => v === 4,
      withinMs: 1000,
      everyMs: 100,
      what: 'endpoint known to west',
      scope: 'east→west',
      clock,
    };
    return clock.run(judgeEventually(scripted(...values), options));
  };
  const kept = await judge(1, 4);
  assert.deepEqual(kept.measurements, [
    { name: 'endpoint known to west', value: 100, unit: 'ms', atMost: 1000, scope: 'east→west' },
  ]);
  assert.deepEqual(
    [kept.verdict, (await judge(1)).verdict, (await judge(new Error('refused'))).verdict],
    ['pass', 'fail', 'error'],
  );
});

test('a value whose last probe failed cannot be judged, whatever was seen before', async () => {
  const judge = (probe: () => unknown, clock = new FakeClock()) =>
    clock.run(
      judgeEventually(probe, {
        until: (v: unknown) => v === 4,
        withinMs: 1000,
        everyMs: 100,
        what: 'known',
        clock,
      }),
    );
  const refused = new Error('connect ECONNREFUSED');
  const lost = await judge(scripted(1, 1, refused));
  assert.equal(lost.verdict, 'error');
  assert.match(lost.reason, /the last probe failed: connect ECONNREFUSED; last seen: 1/);
  assert.equal((await judge(scripted(1, refused, 1))).verdict, 'fail', 'the last probe read a value');

  const never = () => new Promise(() => undefined);
  let asked = 0;
  assert.equal(
    (await judge(() => (asked++ === 0 ? 1 : never()))).verdict,
    'error',
    'the probe hung for 900 ms',
  );
});

test('a probe that the deadline cuts short does not hide the values before it', async () => {
  const clock = new FakeClock();
  const slow = async () => {
    await clock.sleep(300);
    return 1;
  };
  const { verdict, reason } = await clock.run(
    judgeEventually(slow, { until: (v) => v === 4, withinMs: 1000, everyMs: 100, what: 'known', clock }),
  );
  assert.equal(verdict, 'fail', reason);
});

test('an early success leaves no timer of the system clock running', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();
  const options = { until: () => true, inARow: 2, everyMs: 5, withinMs: 60_000, what: 'one' };
  await eventually(() => 1, { ...options, clock: systemClock });
  assert.equal(timers(), before);
});

test('the caller can describe the last value', async () => {
  await assert.rejects(
    wait(scripted(1, 1), { say: (endpoints) => `${String(endpoints)} endpoint of catalog` }),
    /last seen: 1 endpoint of catalog$/,
  );
});
