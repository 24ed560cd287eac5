import assert from 'node:assert/strict';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { liveLines, type LiveView } from './live-lines.ts';
import { sampleFailover } from './sample-experiments.ts';

const { buckets, events } = sampleFailover();
const clusters = ['west', 'east'];

/** The state of the failover `nowMs` after its begin. */
function viewAt(nowMs: number): LiveView {
  const known = Math.floor(nowMs / buckets.widthMs);
  const { p50Ms, p99Ms, maxMs } = buckets.latency;
  return {
    buckets: {
      ...buckets,
      series: buckets.series.map((one) => ({ ...one, counts: one.counts.slice(0, known) })),
      latency: { p50Ms: p50Ms.slice(0, known), p99Ms: p99Ms.slice(0, known), maxMs: maxMs.slice(0, known) },
    },
    events: events.filter(({ atMs }) => atMs <= nowMs),
    nowMs,
    clusters,
  };
}
const plain = { width: 80, colors: false };

test('a failover: curves of both clusters and of the failures, p99, the shares and the events', () => {
  const lines = liveLines(viewAt(20_000), plain);
  assert.deepEqual(
    lines.map((line) => line.slice(0, 17).trimEnd()),
    [
      ...['ok from west', 'ok from east', 'noHealthyUpstream', 'upstreamReset', 'p99', '', ''],
      ...['last 5 s: 100 % o', '▲ 10.0 s ago  for', '▲ 9.8 s ago  no l'],
    ],
  );
  assert.match(lines[0]!, / 0\/s$/);
  assert.match(lines[1]!, /█ +200\/s$/);
  assert.match(lines[4]!, / [\d.]+ ms$/);
  assert.match(lines[6]!, / 60 s ago +now/);
  assert.equal(lines[7], 'last 5 s: 100 % ok from east');
});

test('during the failover, the shares are in order of size', () => {
  const shares = liveLines(viewAt(12_000), plain).find((line) => line.startsWith('last'));
  assert.match(
    shares ?? '',
    /^last 5 s: [\d.]+ % ok from west, [\d.]+ % upstreamReset, [\d.]+ % ok from east/,
  );
});

test('columns before the first request are blank, and a single failure is not', () => {
  const early = liveLines(viewAt(6_000), plain)[0]!;
  assert.match(early, /^ok from west +[▁-█]█+ +200\/s$/);
  assert.ok(early.indexOf('█') > 50, 'the last tenth of the minute');
  const reset = liveLines(viewAt(58_000), { width: 200, colors: false }).find((line) =>
    line.startsWith('upstreamReset'),
  )!;
  assert.match(reset, / [▁-█] /, 'one bad slot among twelve thousand requests');
});

test('lines are never wider than the terminal', () => {
  for (const width of [20, 39, 40, 80, 200])
    for (const colors of [true, false])
      for (const line of liveLines(viewAt(30_000), { width, colors }))
        assert.ok(stripVTControlCharacters(line).length <= width, `${width}: ${line}`);
});

test('lines have the colours of the report, only in a terminal', () => {
  const colored = liveLines(viewAt(20_000), { ...plain, colors: true });
  assert.match(colored[0]!, /^\u001b\[34mok from west/);
  assert.match(colored[3]!, /^\u001b\[31mupstreamReset/);
  assert.deepEqual(colored.map(stripVTControlCharacters), liveLines(viewAt(20_000), plain));
  assert.ok(!liveLines(viewAt(20_000), plain).join('').includes('\u001b'));
});

test('before the first request there is a sentence, and names cannot control the terminal', () => {
  const nothing = { widthMs: 50, series: [], latency: { p50Ms: [], p99Ms: [], maxMs: [] } };
  assert.deepEqual(liveLines({ buckets: nothing, events: [], nowMs: 0, clusters }, plain), [
    'The load has not sent a request yet.',
  ]);
  const hostile = {
    ...nothing,
    series: [{ cluster: 'we\u001b[2Jst\n', outcome: 'ok' as const, counts: [1] }],
  };
  const lines = liveLines(
    { buckets: hostile, events: [{ atMs: 0, label: '\u001b]0;x\u0007\r!' }], nowMs: 50, clusters },
    plain,
  );
  assert.doesNotMatch(lines.join(''), /[\p{Cc}\p{Cf}]/u);
});
