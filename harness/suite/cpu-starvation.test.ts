import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Timeline } from '../traffic/timeline.ts';
import { fail, unless } from '../verdict/judgement.ts';
import { timelineOf } from '../verdict/sample-timelines.ts';
import { watchProcesses, type StarvationWatch } from './cpu-starvation.ts';

/** A fake /proc, with timers and a clock that the test moves. */
function machine(t: TestContext) {
  const proc = mkdtempSync(join(tmpdir(), 'proc-'));
  t.after(() => rmSync(proc, { recursive: true }));
  t.mock.timers.enable({ apis: ['setInterval'] });
  let nowMs = 0;
  const put = (path: string, text: string) => {
    mkdirSync(join(proc, path, '..'), { recursive: true });
    writeFileSync(join(proc, path), text);
  };
  return {
    proc,
    clock: { startedAt: '', nowMs: () => nowMs },
    process: (pid: number, comm: string, container: string) => {
      put(`${pid}/comm`, `${comm}\n`);
      put(`${pid}/cgroup`, `4:cpu:/docker/${container}/kubelet.slice/pod-1\n`);
      put(`${pid}/task/${pid}/comm`, `${comm}\n`);
    },
    waited: (pid: number, task: number, ms: number) => {
      put(`${pid}/task/${task}/comm`, 'wrk:worker_0\n');
      put(`${pid}/task/${task}/schedstat`, `5 ${ms * 1e6} 7\n`);
    },
    gone: (pid: number) => rmSync(join(proc, String(pid)), { recursive: true }),
    pass: (ms: number) => {
      nowMs += ms;
      t.mock.timers.tick(ms);
    },
  };
}
const clusters = new Map([['c0ffee', 'west']]);

/** A machine with one watched proxy, whose worker thread has already waited for `beforeMs`. */
function watched(t: TestContext, beforeMs: number) {
  const on = machine(t);
  on.process(10, 'envoy', 'c0ffee');
  on.waited(10, 11, beforeMs);
  const waits = watchProcesses(clusters, on.clock, on.proc);
  t.after(() => waits[Symbol.dispose]());
  return { on, waits };
}
const longest = (waits: StarvationWatch) =>
  waits.judge(timelineOf({ forMs: 100, fate: () => ({}) }), () => fail('')).measurements[0]?.value;

test('a thread that waits too long within a sample is reported from the start of its wait', (t) => {
  const { on, waits } = watched(t, 3000);
  on.waited(10, 11, 3100);
  on.pass(250);
  assert.deepEqual([waits.starved, longest(waits)], [[], 100]);
  on.waited(10, 11, 3260);
  on.pass(250);
  on.waited(10, 11, 3960);
  on.pass(250);
  assert.deepEqual(waits.starved, [
    { fromMs: 250, toMs: 500, waitedMs: 160, cluster: 'west' },
    { fromMs: 50, toMs: 750, waitedMs: 700, cluster: 'west' },
  ]);
});

test('other processes and proxies of other containers are ignored', (t) => {
  const on = machine(t);
  on.process(10, 'envoy', 'deadbeef');
  on.process(20, 'istiod', 'c0ffee');
  for (const pid of [10, 20]) on.waited(pid, pid + 1, 0);
  using waits = watchProcesses(clusters, on.clock, on.proc);
  for (const pid of [10, 20]) on.waited(pid, pid + 1, 900);
  on.pass(250);
  assert.deepEqual([waits.starved, longest(waits)], [[], undefined]);
});

test('new proxies, processes that become proxies, and proxies that end are followed', (t) => {
  const on = machine(t);
  using waits = watchProcesses(clusters, on.clock, on.proc);
  on.process(10, 'pilot-agent', 'c0ffee');
  on.pass(1000);
  on.process(10, 'envoy', 'c0ffee'); // without worker threads so far
  on.pass(1000);
  on.waited(10, 11, 40);
  on.pass(250);
  on.waited(10, 11, 240);
  on.pass(250);
  assert.deepEqual(
    waits.starved.map(({ waitedMs }) => waitedMs),
    [200],
  );
  on.gone(10);
  on.pass(1000);
  assert.equal(waits.starved.length, 1);
});

test('the limit of a late sample grows with its length', (t) => {
  const { on, waits } = watched(t, 0);
  on.waited(10, 11, 290);
  on.pass(500);
  assert.deepEqual(waits.starved, []);
  assert.equal(longest(waits), 290);
});

test('without containers nothing is read', (t) => {
  const on = machine(t);
  on.process(10, 'envoy', 'c0ffee');
  using waits = watchProcesses(new Map(), on.clock, join(on.proc, 'none'));
  on.pass(1000);
  assert.deepEqual([waits.starved, longest(waits)], [[], undefined]);
});

test('requests that are lost during starvation are not evidence, later ones are', (t) => {
  const { on, waits } = watched(t, 0);
  on.waited(10, 11, 200);
  on.pass(250);
  const lostAt = (lostMs: number) => {
    const fate = (startMs: number) => (startMs === lostMs ? ({ outcome: 'connectFailure' } as const) : {});
    const judge = ({ requests }: Timeline) =>
      unless(requests.some(({ outcome }) => outcome !== 'ok') ? ['lost'] : [], 'none lost', []);
    return waits.judge(timelineOf({ forMs: 1000, fate }), judge).verdict;
  };
  assert.deepEqual([lostAt(100), lostAt(500), lostAt(NaN)], ['error', 'fail', 'pass']);
});
