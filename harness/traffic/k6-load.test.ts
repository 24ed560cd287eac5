import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startLoad, type Load, type LoadOptions } from './k6-load.ts';
import { k6Variable } from './k6-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'meshproof-load-'));
after(() => rmSync(folder, { recursive: true }));

const header = '{"type":"header","version":1,"slotMs":50,"startedAt":"2026-11-23T22:00:00.000Z"}';
const request = '{"type":"request","startMs":10,"endMs":12,"outcome":"ok","status":200}';
const sent = '{"type":"sent","begun":1,"lastDueMs":10}';
const end = (changes: object = {}): string =>
  JSON.stringify({
    ...{ type: 'end', requests: 1, told: 1, elided: 0, dropped: 0, unfinished: 0, lateMs: 1 },
    ...{ p50Ms: 2, p99Ms: 2, maxMs: 2 },
    ...changes,
  });

/** A program that writes the given output in place of k6. */
function fakeK6(lines: string[], { status = 0, log = '' } = {}): string {
  const stem = join(folder, Math.random().toString(36).slice(2));
  writeFileSync(`${stem}.ndjson`, lines.map((line) => `${line}\n`).join(''));
  writeFileSync(stem, `#!/bin/sh\ncat '${stem}.ndjson' >&3\nprintf '%s' '${log}' >&2\nexit ${status}\n`);
  chmodSync(stem, 0o755);
  return stem;
}

const target = { name: 'ingress of west', origin: 'http://10.0.0.1', basePath: '', headers: {} };
const load = (binary: string, options: Partial<LoadOptions> = {}): Load =>
  startLoad({ target, ratePerSecond: 1, durationMs: 1000, connections: 'keep-alive', binary, ...options });

/** Lets a load end by itself. */
async function toItsEnd(running: Load) {
  await running.sent;
  return running.stop();
}

test('a load becomes a timeline with its events and all requests', async () => {
  const running = load(fakeK6([header, request, sent, end()]));
  running.event('killed');
  const timeline = await toItsEnd(running);
  assert.deepEqual(timeline.requests, [{ startMs: 10, endMs: 12, outcome: 'ok', status: 200 }]);
  assert.equal(timeline.events[0]?.label, 'killed');
  assert.equal(timeline.startedAt, running.clock.startedAt);
  assert.ok(!('buckets' in timeline) && !('elided' in timeline));
});

test('if requests are left out, the timeline has the counts of all', async () => {
  const origin = '{"type":"origin","id":0,"service":"s","cluster":"west","region":"r","zone":"z","pod":"p"}';
  const slot =
    '{"type":"slot","slot":1,"counts":[{"origin":0,"outcome":"ok","n":3}],"p50Ms":1,"p99Ms":2,"maxMs":2}';
  const binary = fakeK6([header, request, origin, slot, sent, end({ requests: 4, elided: 3 })]);
  const timeline = await toItsEnd(load(binary, { ratePerSecond: 4 }));
  assert.equal(timeline.elided, 3);
  assert.deepEqual(timeline.buckets?.series, [{ cluster: 'west', outcome: 'ok', counts: [0, 3] }]);
});

for (const [what, lines, ending, why] of [
  ['dropped requests', [header, request, sent, end({ dropped: 2 })], {}, /k6 dropped 2 of 3 requests/],
  ['fewer requests than were due', [header, sent, end({ requests: 0, told: 0 })], {}, /sent only 0 of 1/],
  [
    'a request without an outcome',
    [header, request, sent, end({ unfinished: 1 })],
    {},
    /1 requests do not have an outcome/,
  ],
  [
    'a request that was sent late',
    [header, request, sent, end({ lateMs: 1_700 })],
    {},
    /1700 ms after it was due/,
  ],
  ['a stream that is cut off', [header, request], {}, /without a summary/],
  ['a stream that cannot be read', [header, '{"type":"requ'], {}, /the output of k6 is invalid/],
  [
    'an exit status',
    [header],
    { status: 107, log: 'script exception' },
    /status 107\. Its last output:\nscript exception/,
  ],
] as const) {
  test(`a load with ${what} is refused`, async () => {
    await assert.rejects(toItsEnd(load(fakeK6([...lines], ending))), (error: Error) => {
      assert.match(error.message, /^Recording the load of 1 requests\/s on ingress of west failed: /);
      assert.match(error.message, why);
      return true;
    });
  });
}

test('reading the requests of a failed load throws', async () => {
  const running = load(fakeK6([header], { status: 1 }));
  await running.sent;
  assert.throws(() => running.soFar, /k6 ended with status 1/);
  await running[Symbol.asyncDispose]();
});

test('a missing k6 is reported', async () => {
  await assert.rejects(
    toItsEnd(load(join(folder, 'none'))),
    /k6 ended with status 127\. Its last output:\n.*none.*(not found|No such file)/,
  );
  const before = process.env[k6Variable];
  delete process.env[k6Variable];
  try {
    const { binary: _binary, ...rest } = { target, ratePerSecond: 1, durationMs: 1000, binary: '' };
    assert.throws(() => startLoad({ ...rest, connections: 'fresh' }), /MESHPROOF_K6 is not set/);
  } finally {
    if (before !== undefined) process.env[k6Variable] = before;
  }
});

test('rates and durations that k6 does not support are refused', () => {
  for (const options of [
    { ratePerSecond: 0.5 },
    { ratePerSecond: 0 },
    { durationMs: 999 },
    { durationMs: NaN },
  ])
    assert.throws(() => load('k6', options), RangeError);
});
