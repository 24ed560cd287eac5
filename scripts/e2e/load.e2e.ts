import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'node:test';
import { after, before } from 'node:test';
import { run } from '../../harness/base/command.ts';
import { isAlive } from '../../harness/base/process-start.ts';
import { timeouts } from '../../harness/base/timeouts.ts';
import { ensureK6 } from '../../harness/lab/k6-binary.ts';
import { projectRoot } from '../../harness/lab/paths.ts';
import { bucketsOf } from '../../harness/traffic/buckets.ts';
import { type LoadOptions, startLoad } from '../../harness/traffic/k6-load.ts';
import { k6Variable } from '../../harness/traffic/k6-process.ts';
import { recordFurther } from '../../harness/traffic/streak.ts';
import type { Buckets } from '../../harness/traffic/timeline.ts';
import { answeredOk, durationMs, findOutages } from '../../harness/verdict/outage.ts';
import { requestsIn } from '../../harness/verdict/window.ts';
import type { Answer } from '../dev/load-server/protocol.ts';
import { type LoadServer, startLoadServer } from '../dev/load-server/start.ts';

let server: LoadServer;
before(async () => {
  process.env[k6Variable] = await ensureK6();
  server = await startLoadServer();
});
after(() => server[Symbol.asyncDispose]());

const load = (options: Partial<LoadOptions> = {}) =>
  startLoad({
    target: { name: 'the server of the test', origin: server.origin, basePath: '', headers: {} },
    ratePerSecond: 200,
    durationMs: 30_000,
    connections: 'keep-alive',
    timeoutMs: 1_000,
    ...options,
  });

/** How many requests of each kind: `ok west`, `noHealthyUpstream -`. */
function totals({ series }: Buckets): Record<string, number> {
  const sum = (counts: number[]) => counts.reduce((a, b) => a + b, 0);
  return Object.fromEntries(
    series.map(({ cluster, outcome, counts }) => [`${outcome} ${cluster ?? '-'}`, sum(counts)]),
  );
}

const script: Answer[] = [
  { kind: 'ok', cluster: 'west' },
  { kind: 'status', status: 503, body: 'no healthy upstream' },
  { kind: 'ok', cluster: 'east' },
  { kind: 'ok', cluster: 'west' },
  { kind: 'reset' },
  { kind: 'status', status: 500, body: 'boom' },
  { kind: 'ok', cluster: 'west' },
  { kind: 'hang' },
];

for (const keep of ['all', 'notable'] as const) {
  for (const connections of ['keep-alive', 'fresh'] as const) {
    test(`what a server answered by a script is counted exactly (${keep}, ${connections})`, async () => {
      await server.script(script);
      await using running = load({ keep, connections, durationMs: 2_000 });
      await running.sent;
      const timeline = await running.stop();
      const counted = totals(timeline.buckets ?? bucketsOf(timeline.requests));
      const told = await server.count();
      assert.deepEqual(counted, {
        'ok west': 150,
        'noHealthyUpstream -': 50,
        'ok east': 50,
        'upstreamReset -': 50,
        'appError -': 50,
        'clientTimeout -': 50,
      });
      assert.equal(told.requests, 400);
      assert.equal(timeline.requests.length + (timeline.elided ?? 0), 400);
      assert.equal(timeline.requests.filter(({ outcome }) => outcome !== 'ok').length, 200);
      if (connections === 'fresh') assert.equal(told.connections, 400);
      else assert.ok(told.connections < 300, `${told.connections} connections`);
    });
  }
}

for (const how of ['reset', 'hang'] as const) {
  test(`an outage of two seconds (${how}) is measured to 20 ms, an interval and an answer`, async () => {
    await server.script([{ kind: 'ok', cluster: 'west' }]);
    await using running = load({ keep: 'notable' });
    await recordFurther(running, 1_000);
    const zeroNs = process.hrtime.bigint() - BigInt(Math.round(running.clock.nowMs() * 1e6));
    const { fromNs, toNs } = await server.break(how, 2_000);
    await recordFurther(running, 1_500);
    const timeline = await running.stop();
    const [outage, ...others] = findOutages(requestsIn(timeline), answeredOk());
    assert.ok(outage);
    assert.equal(others.length, 0);
    const knownMs = Number(toNs - fromNs) / 1e6;
    assert.ok(
      Math.abs((durationMs(outage) ?? Infinity) - knownMs) <= 25,
      `${durationMs(outage)} of ${knownMs}`,
    );
    assert.ok(Math.abs(outage.beganMs - Number(fromNs - zeroNs) / 1e6) <= 25);
    assert.ok((timeline.elided ?? 0) > 0);
  });
}

test('a signal ends a load as stop does, and what was under way is told', async () => {
  await server.script([{ kind: 'ok', cluster: 'west' }, { kind: 'hang' }]);
  const ending = new AbortController();
  await using running = load({ until: ending.signal });
  await recordFurther(running, 1_000);
  ending.abort();
  await running.sent;
  const { requests } = await running.stop();
  assert.equal(requests.length, (await server.count()).requests);
  const hung = requests.filter(({ outcome }) => outcome === 'clientTimeout').length;
  assert.ok(hung > 20 && Math.abs(2 * hung - requests.length) <= 1, `${hung} of ${requests.length}`);
});

test('a load whose generator stood still is refused', async () => {
  await server.script([{ kind: 'ok', cluster: 'west' }]);
  await using running = load();
  await recordFurther(running, 500);
  process.kill(running.pid ?? NaN, 'SIGSTOP');
  await delay(timeouts.generatorStallMs + 1_000);
  process.kill(running.pid ?? NaN, 'SIGCONT');
  await recordFurther(running, 500);
  await assert.rejects(running.stop(), / failed: k6 (dropped|sent (nothing|a request \d+ ms after))/);
});

test('reading the requests of a killed generator throws', async () => {
  await using running = load();
  await recordFurther(running, 500);
  process.kill(running.pid ?? NaN, 'SIGKILL');
  await running.sent;
  assert.throws(() => running.soFar, / failed: k6 ended by SIGKILL/);
  await assert.rejects(running.stop(), /the load of 200 requests\/s on the server of the test/);
});

test('a harness that is killed leaves no generator behind', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'load-child.ts'), server.origin], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(said.toString());
  assert.ok(isAlive(pid));
  child.kill('SIGKILL');
  await once(child, 'exit');
  const gone = AbortSignal.timeout(5_000);
  while (isAlive(pid)) {
    gone.throwIfAborted();
    await delay(20);
  }
});

test("the extension's own tests, with the k6 that was built", async () => {
  await run(['go', 'test', '-count=1', './...'], {
    cwd: join(projectRoot, 'clusters/k6'),
    env: { CGO_ENABLED: '0', GOFLAGS: '-trimpath -buildvcs=false -mod=readonly' },
  });
});
