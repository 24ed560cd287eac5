import assert from 'node:assert/strict';
import test from 'node:test';
import { countsOf, istioctlInShort } from './counts.ts';
import { selftestDoc } from './doc.ts';
import { selftestHtml } from './html.ts';
import { matrixLines, progressLine, type Paint } from './lines.ts';
import { sampleSelftest } from './sample.ts';
import { selftestJsonSchema, selftestSchema, type Selftest } from './schema.ts';

const plain: Paint = (_, text) => text;
const row = (id: string) => sampleSelftest.rows.find((one) => one.id === id)!;

test('the sample fits its schema, which is published as JSON Schema', () => {
  assert.deepEqual(selftestSchema.parse(sampleSelftest), sampleSelftest);
  assert.deepEqual(
    Object.keys((selftestJsonSchema() as { properties: object }).properties),
    Object.keys(sampleSelftest),
  );
});

test('the counts include all rows, and istioctl by command', () => {
  const counts = countsOf(sampleSelftest);
  assert.deepEqual(counts.verdicts, { missed: 1, symptom: 1, error: 1, named: 1, skipped: 1 });
  assert.deepEqual(counts.outcomes, { broken: 1, kept: 1, notJudged: 0, uncounted: 0 });
  assert.deepEqual(counts.silent, { all: 3, named: 0 });
  assert.equal(counts.looked, 3);
  assert.deepEqual([counts.istioctl.asked, counts.istioctl.noticed, counts.istioctl.onlyLess], [3, 1, 2]);
  assert.deepEqual(Object.fromEntries(counts.istioctl.byCommand), {
    'analyze -A': 1,
    'remote-clusters': 0,
    'proxy-status': 1,
  });
  assert.equal(countsOf({ rows: [{ ...row('root-differs'), verdict: 'named' }] }).withOthers, 0);
});

test('the summary of istioctl has its commands with new lines, only fewer lines, nothing new, or not run', () => {
  assert.equal(istioctlInShort(row('root-differs')), 'analyze -A, proxy-status');
  assert.equal(istioctlInShort(row('remote-secret-missing')), 'only fewer lines');
  assert.equal(istioctlInShort({ ...row('remote-secret-missing'), istioctl: [] }), 'nothing new');
  assert.equal(istioctlInShort(row('link-delayed')), 'not run');
});

test('the page has every row, opens unexpected results, and text of a cluster does not become markup', () => {
  const hostile = `"><script>alert('x')</script>`;
  const rows = sampleSelftest.rows.map((one) => ({
    ...one,
    title: one.title + hostile,
    reason: one.reason + hostile,
    istioctl: one.istioctl?.map((word) => ({ ...word, says: [...word.says, hostile] })) ?? null,
  }));
  const page = selftestHtml({ ...sampleSelftest, reason: hostile, rows });
  assert.doesNotMatch(page, /<script/);
  assert.ok(page.includes('&lt;script&gt;'));
  for (const { id } of rows) assert.ok(page.includes(`id="${id}"`), id);
  const open = [
    ...selftestHtml(sampleSelftest).matchAll(/<details class="promise \w+" id="([\w-]+)"\s+open/g),
  ];
  assert.deepEqual(
    open.map(([, id]) => id),
    ['root-differs', 'pod-labelled', 'mesh-id-differs'].toSorted((a, b) => page.indexOf(a) - page.indexOf(b)),
  );
  assert.doesNotMatch(page, /NaN|undefined|\ssrc=|url\(/);
});

test('an unfinished and an empty self-test have a page and a matrix', () => {
  const empty: Selftest = { ...sampleSelftest, rows: [], verdict: 'error', finished: false };
  assert.match(selftestHtml(empty), /could not be fully judged/);
  assert.match(selftestHtml(empty), /0 of 5 chosen defects were tried/);
  assert.ok(matrixLines(empty, plain).length > 0);
});

test('the terminal shows a line for each defect, with unexpected results below it', () => {
  assert.match(
    progressLine(row('remote-secret-missing'), plain),
    /^✔ named remote-secret-missing: MP2101 \(21\.7 s: break 1\.2, doctor 2\.4/,
  );
  assert.match(progressLine(row('root-differs'), plain), /✘ symptom.*\n.*not MP1101.*\n.*SEC-01 kept/);
  const lines = matrixLines(sampleSelftest, plain);
  assert.ok(lines.some((line) => /✘ pod-labelled +silent +missed/.test(line)));
  assert.ok(lines.some((line) => line.startsWith('The doctor names 1 of 5')));
});

test('the document has date, command, versions, a row for each defect, and the missed defects', () => {
  const text = selftestDoc(sampleSelftest);
  for (const part of ['2026-11-24 03:30 UTC', '`npx meshproof selftest --name main`', 'istioctl 1.31-dev'])
    assert.ok(text.includes(part), part);
  for (const { id } of sampleSelftest.rows) assert.match(text, new RegExp(`\\| \\*\\*${id}\\*\\*`));
  assert.match(text, /- \*\*pod-labelled\*\* missed: Nothing above info/);
  assert.match(text, /root-differs: west: istioctl proxy-status\nno answer in 10 s/);
});
