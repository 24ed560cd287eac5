import assert from 'node:assert/strict';
import test from 'node:test';
import { Script } from 'node:vm';
import { type Experiment, failuresOf } from '../experiment.ts';
import { pageScript, reportHtml } from '../page/page.ts';
import { sampleBuckets, sampleFailover } from '../sample-experiments.ts';
import { sampleExperiments, sampleMesh, samplePromise, sampleReport } from '../sample.ts';
import { experimentFigures } from './experiments.ts';
import { jsonElement, pictureData, type PictureData } from './picture-data.ts';
import { still } from './still.ts';

const clusters = sampleMesh.clusters.map(({ name }) => name);

/** The page of one promise with these experiments. */
function pageOf(...experiments: Experiment[]): string {
  const data = new Map(experiments.map((one, index) => [`experiments/RES-01-${index + 1}.json`, one]));
  const entries = [...data].map(([file, { scope, startedAt, load, numbers }]) => ({
    ...{ scope, file, startedAt, load, numbers },
  }));
  const promises = [samplePromise({ id: 'RES-01', topic: 'resilience', experiments: entries })];
  return reportHtml({ ...sampleReport, promises }, data);
}

const dataIn = (page: string): PictureData[] =>
  [...page.matchAll(/<script type="application\/json">(.*?)<\/script>/g)].map(([, json]) =>
    JSON.parse(json!),
  );

test('a picture has a legend, bands with their times, numbered events, and numbers', () => {
  const page = pageOf(sampleFailover());
  for (const words of [
    ...['ok from west', 'ok from east', 'upstreamReset', 'noHealthyUpstream', '>p50<', '>p99<', '>slowest<'],
    ...['Fault: local pods gone', '10.00–40.00 s', 'outage 3.14 s', '10.01–13.15 s'],
    ...['force-kill of catalog-west-0 and catalog-west-1', 'both pods are ready', '41.90 s'],
    ...['200 requests/s, keep-alive connections, through the ingress, sent by k6'],
    ...['detection', '41\u00a0ms', 'allowed: at most 1,000\u00a0ms', '✗ outside', 'allowed: at most 0'],
  ])
    assert.ok(page.includes(words), words);
});

test('the first failed requests are listed one by one, and the text of a proxy is escaped', () => {
  const failed = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      ...{ startMs: 9_640 + index, endMs: 10_416, outcome: 'connectFailure' as const },
      detail: '503 UF <b>delayed_connect_error:_111</b>',
    }));
  const pageWith = (count: number) => {
    const failures = failuresOf(failed(count));
    const { failures: _own, ...rest } = sampleFailover();
    return pageOf({ ...rest, ...(failures && { failures }) });
  };
  const one = pageWith(1).replace(/\s+/g, ' ');
  assert.match(one, /1 request that failed or was too slow </);
  assert.match(one, /9\.64 s.*<b>connectFailure<\/b> after 776\u00a0?.?ms: 503 UF &lt;b&gt;delayed/);
  const many = pageWith(70).replace(/\s+/g, ' ');
  assert.match(many, /70 requests that failed or were too slow, the first 50 in detail/);
  assert.equal(many.match(/delayed_connect_error/g)?.length, 50);
  assert.ok(!pageWith(0).includes('class="failures"'));
});

test('the numbers of the legend add up to all requests, and the page has the data of the experiment', () => {
  const one = sampleFailover();
  const page = pageOf(one);
  const sums = [...page.matchAll(/class="n">([\d,]+) requests?</g)].map(([, text]) =>
    Number(text!.replaceAll(',', '')),
  );
  assert.equal(
    sums.reduce((sum, count) => sum + count, 0),
    12_000,
  );
  const [data] = dataIn(page);
  assert.equal(data?.slots, 1200);
  assert.deepEqual(data?.bands, one.bands);
  assert.deepEqual(
    data?.rows.map(({ name }) => name),
    ['ok from west', 'ok from east', 'noHealthyUpstream', 'upstreamReset'],
  );
});

test('without a script each picture has a still, and without data it has the numbers', () => {
  const page = pageOf(sampleFailover());
  assert.equal([...page.matchAll(/class="still"/g)].length, 2);
  assert.match(page, /<path\s+class="paint-ok-0"/);
  assert.match(page, /<rect\s+class="paint-upstreamReset"/);
  const promise = sampleReport.promises.find(({ id }) => id === 'RES-01')!;
  const bare = experimentFigures(promise, { data: new Map(), clusters });
  assert.ok(bare && bare.text.includes('experiments/RES-01-1.json'));
  assert.ok(bare && bare.text.includes('3,144\u00a0ms') && !bare.text.includes('<script'));
});

test('a single failure among thousands of answers is visible', () => {
  const mixAt = (ms: number) => [
    {
      cluster: 'west',
      outcome: ms === 30_000 ? ('denied' as const) : ('ok' as const),
      share: 1,
      latencyMs: 2,
    },
  ];
  const one = { ...sampleFailover(), buckets: sampleBuckets({ forMs: 60_000, ratePerSecond: 1000, mixAt }) };
  const { rate } = still(pictureData(one, clusters));
  const [, height] = /class="paint-denied"[^>]*height="([\d.]+)"/.exec(rate.text) ?? [];
  assert.ok(Number(height) >= 2, `${height}`);
});

test('unusual experiments have a picture: 0 slots, one slot, bands and events outside', () => {
  const empty = { widthMs: 50, series: [], latency: { p50Ms: [], p99Ms: [], maxMs: [] } };
  const latency = { p50Ms: [null], p99Ms: [null], maxMs: [0] };
  const slot = { widthMs: 50, series: [{ cluster: null, outcome: 'ok' as const, counts: [1] }], latency };
  const out = { kind: 'fault' as const, label: 'x'.repeat(200), fromMs: -500, toMs: 1e7 };
  const events = [
    { atMs: -3, label: 'before' },
    ...Array.from({ length: 40 }, (_, atMs) => ({ atMs, label: 'e' })),
  ];
  for (const buckets of [empty, slot])
    for (const bands of [[], [out, out, out]])
      assert.doesNotMatch(
        pageOf({ ...sampleFailover(), buckets, bands, events, numbers: [] }).replace(pageScript, ''),
        /NaN|Infinity|undefined|\[object/,
      );
});

test('of hundreds of outages the first are listed, and the data has all', () => {
  const one = sampleFailover();
  const bands = Array.from({ length: 300 }, (_, index) => ({
    ...{
      kind: 'outage' as const,
      label: '1 request not served',
      fromMs: index * 150,
      toMs: index * 150 + 50,
    },
  }));
  const page = pageOf({ ...one, bands });
  assert.equal([...page.matchAll(/<span>Outage: 1 request not served/g)].length, 12);
  assert.ok(page.includes('and 288 more'));
  assert.equal(dataIn(page)[0]?.bands.length, 300);
});

test('the time axis ends with the last answer, and a band without an end does not stretch it', () => {
  const one = sampleFailover();
  const outage = (toMs: number) => ({
    ...one,
    bands: [{ kind: 'outage' as const, label: 'x', fromMs: 59_000, toMs }],
  });
  const ends = [59_500, 63_000, 1e9].map((toMs) => pictureData(outage(toMs), clusters).endMs);
  assert.deepEqual(ends, [60_000, 63_000, 90_000]);
});

test('a missing experiment is reported in the place of its picture', () => {
  const page = reportHtml(sampleReport, sampleExperiments);
  assert.match(page, /class="note missing">Experiment 2 of RES-05 is not shown: /);
});

test('a promise that is not kept has its cause', () => {
  const page = reportHtml(sampleReport);
  assert.match(page, /Likely cause in west:<\/b>\s+DestinationRule meshproof\/catalog ejects/);
  assert.ok(page.includes('docs/findings.md#mp4003') && page.includes('patch destinationrule catalog'));
});

test('data in the page cannot end a script, and reading it restores it', () => {
  const text = '</script><!--\u2028\u2029&amp;';
  const element = jsonElement({ text }).text;
  assert.ok(
    !/[<>&\u2028\u2029]/.test(element.slice('<script type="application/json">'.length, -'</script>'.length)),
  );
  assert.deepEqual(JSON.parse(/>(.*)</.exec(element)![1]!), { text });
});

test('the script of the page has the licence of uPlot and cannot use the network', () => {
  new Script(pageScript);
  assert.ok(pageScript.includes('The MIT License (MIT)') && pageScript.includes('Leon Sorokin'));
  assert.doesNotMatch(pageScript, /<\/script|<!--|\bfetch\(|XMLHttpRequest|\beval\(|new Function|\bimport\(/);
});

test('the page of 14 promises in 4 directions, 60 s each, stays small', () => {
  const many = Array.from({ length: 56 }, () => sampleFailover());
  const bytes = Buffer.byteLength(pageOf(...many));
  assert.ok(bytes < 5_000_000, `${bytes}`);
});
