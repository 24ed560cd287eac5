import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answeredOk, findOutages } from '../verdict/outage.ts';
import { K6Stream } from './k6-stream.ts';

// 100 requests/s for two seconds, recorded from k6: a server of west that resets for 300 ms and is then in east.
const recorded = readFileSync(join(import.meta.dirname, 'k6-stream.sample.ndjson'), 'utf8')
  .trimEnd()
  .split('\n');

const readUpTo = (lines: number): K6Stream => {
  const stream = new K6Stream();
  for (const line of recorded.slice(0, lines)) stream.push(line);
  return stream;
};

test('a recorded load: every request is counted, and the important ones are kept one by one', () => {
  const stream = readUpTo(recorded.length);
  assert.equal(stream.end?.requests, 200);
  assert.equal(stream.sent, true);
  const { series, widthMs } = stream.buckets;
  assert.equal(widthMs, 50);
  const sums = series.map(({ cluster, outcome, counts }) => [
    cluster,
    outcome,
    counts.reduce((a, b) => a + b, 0),
  ]);
  const [west, none, east] = sums;
  assert.deepEqual(
    sums.map(([cluster, outcome]) => [cluster, outcome]),
    [
      ['west', 'ok'],
      [null, 'upstreamReset'],
      ['east', 'ok'],
    ],
  );
  assert.equal(Number(west?.[2]) + Number(none?.[2]) + Number(east?.[2]), 200);
  assert.equal(stream.requests.length, stream.end?.told);
  assert.equal(stream.requests.filter(({ outcome }) => outcome !== 'ok').length, none?.[2]);
  assert.equal(stream.requests.length + (stream.end?.elided ?? NaN), 200);
});

test('a recorded load: the kept requests show the outage', () => {
  const requests = readUpTo(recorded.length).requests.toSorted((a, b) => a.startMs - b.startMs);
  const [outage, ...others] = findOutages(requests, answeredOk());
  assert.equal(others.length, 0);
  const lastedMs = (outage?.recoveredMs ?? NaN) - (outage?.beganMs ?? NaN);
  assert.ok(lastedMs > 290 && lastedMs < 400, `${lastedMs} ms`);
});

test('while a load runs, its last good requests are known', () => {
  const last = recorded.findLastIndex((line) => line.includes('"tail"'));
  const { requests, end } = readUpTo(last + 1);
  assert.equal(end, undefined);
  const tail = requests.slice(-20);
  assert.equal(tail.length, 20);
  for (const [at, { startMs, origin }] of tail.entries()) {
    assert.equal(origin?.cluster, 'east');
    if (at > 0) assert.ok(Math.abs(startMs - (tail[at - 1]?.startMs ?? 0) - 10) < 0.01);
  }
});

for (const [what, lines] of [
  ['a line that is not JSON', ['{"type":"head']],
  ['another version', ['{"type":"header","version":2,"slotMs":50,"startedAt":""}']],
  ['an unknown line', [recorded[0] ?? '', '{"type":"news"}']],
  ['an unknown outcome', [recorded[0] ?? '', '{"type":"request","startMs":1,"endMs":2,"outcome":"fine"}']],
  [
    'an unknown origin',
    [recorded[0] ?? '', '{"type":"request","startMs":1,"endMs":2,"outcome":"ok","origin":7}'],
  ],
  ['a missing header', [recorded.at(-1) ?? '']],
  ['a line after the end', [...recorded, recorded.at(-1) ?? '']],
  ['a summary with other requests', [recorded[0] ?? '', recorded.at(-1) ?? '']],
] as const) {
  test(`${what} is refused, and quoted`, () => {
    const stream = new K6Stream();
    assert.throws(
      () => lines.forEach((line) => stream.push(line)),
      (error: Error) =>
        error.message.startsWith(`line ${lines.length} of the timeline of k6`) &&
        error.message.includes((lines.at(-1) ?? '').slice(0, 200)),
    );
  });
}
