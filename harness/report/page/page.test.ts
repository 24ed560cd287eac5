import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { type Experiment, experimentSchema } from '../experiment.ts';
import { sampleExperiments, sampleMesh, samplePromise, sampleReport } from '../sample.ts';
import { type Report, reportJsonSchema, reportSchema } from '../schema.ts';
import { pageScript, reportHtml } from './page.ts';

const hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)>`;

const poisonAll = (value: unknown, keep: ReadonlySet<string>): unknown => {
  const poison = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') return keep.has(key) ? value : value + hostile;
    if (Array.isArray(value)) return value.map((one) => poison(one, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, one]) => [
        key === 'versions' ? name + hostile : name,
        poison(one, name),
      ]),
    );
  };
  return poison(value);
};

/** The report with the hostile text in every free text. */
function poisoned(): Report {
  const keep = new Set([
    ...['schema', 'verdict', 'id', 'level', 'references', 'disturbs', 'startedAt', 'finishedAt'],
    ...['purpose', 'role', 'images', 'file', 'connections', 'from', 'generator'],
  ]);
  const report = reportSchema.parse(poisonAll(sampleReport, keep));
  return {
    ...report,
    promises: report.promises.map((one) => ({
      ...one,
      references: ['javascript:alert(1)', `https://istio.io/${hostile}`],
      ...(one.cause ? { cause: { ...one.cause, anchor: `javascript:alert(1)${hostile}` } } : {}),
    })),
  };
}

const lineEnds = '\u2028\u2029';

/** The experiments of the sample, with hostile labels, clusters and scopes. */
function poisonedExperiments(): Map<string, Experiment> {
  const keep = new Set(['startedAt', 'connections', 'from', 'generator', 'outcome', 'kind']);
  return new Map(
    [...sampleExperiments].map(([file, one]) => {
      const poisoned = experimentSchema.parse(poisonAll(one, keep));
      const events = [...poisoned.events, { atMs: 0, label: `</script>${lineEnds}` }];
      return [file, { ...poisoned, events }];
    }),
  );
}

const elements = new Set(
  `html head meta title body main header section h1 h2 h3 h4 p span b ul ol li dl dt dd div details summary a code pre
   table thead tbody tr th td svg rect line path circle text pattern figure figcaption !doctype`.split(/\s+/),
);
const attributes = new Set(
  `lang charset http-equiv content name class id href rel title role scope open viewBox aria-hidden aria-label
   aria-labelledby x y x1 x2 y1 y2 cx cy r rx d dx width height text-anchor preserveAspectRatio patternUnits stroke-width html`.split(
    /\s+/,
  ),
);
const voidElements = new Set(['meta', '!doctype']);

/** Reads a page strictly: throws at an unknown element or attribute, and at a stray bracket. */
function readStrictly(page: string): void {
  const rest = page
    .replace(/<style>[^<]*<\/style>/, '')
    .replace(`<script>${pageScript}</script>`, '')
    .replaceAll(/<script type="application\/json">[^<>&\u2028\u2029]*<\/script>/g, '');
  const tag = /<(\/?)([a-z0-9!]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>/gi;
  assert.doesNotMatch(rest.replaceAll(tag, ''), /[<>]/);
  const open: string[] = [];
  for (const [, closing, element = '', text = '', selfClosing] of rest.matchAll(tag)) {
    assert.ok(elements.has(element), `an element ${element}`);
    for (const [, name = ''] of text.matchAll(/\s([\w:-]+)(?:="[^"]*")?/g))
      assert.ok(attributes.has(name), `an attribute ${name}`);
    if (closing) assert.equal(open.pop(), element);
    else if (!selfClosing && !voidElements.has(element)) open.push(element);
  }
  assert.deepEqual(open, []);
}

test('text of a cluster does not become markup', () => {
  const page = reportHtml(poisoned());
  assert.ok(page.includes('&lt;script&gt;alert(&#39;x&#39;)'), 'the text is shown');
  readStrictly(page);
  assert.throws(() => readStrictly(page.replace('&lt;script&gt;', '<script>')), /script/);
  assert.throws(() => readStrictly(page.replace('lang="en"', 'onload="x"')), /onload/);
});

test('text of an experiment does not become markup or end the script of its data', () => {
  const page = reportHtml(poisoned(), poisonedExperiments());
  assert.equal([...page.matchAll(/<script[ >]/g)].length, sampleExperiments.size + 1);
  assert.ok(page.includes('\\u003c/script\\u003e\\u2028\\u2029'), 'it is escaped');
  readStrictly(page);
});

test('names of clusters, networks and addresses stay text in the picture', () => {
  const mesh = poisoned().mesh;
  readStrictly(
    reportHtml({ ...poisoned(), mesh: mesh && { ...mesh, clusters: [...mesh.clusters, ...mesh.clusters] } }),
  );
});

test('only http and https addresses become links', () => {
  const page = reportHtml(poisoned());
  const targets = new Set(
    [...page.matchAll(/href="([^"]*)"/g)].map(([, target]) =>
      target!.replace(/^(https?:).*/, '$1').replace(/^#.*/, '#'),
    ),
  );
  assert.deepEqual(targets, new Set(['https:', '#', 'report.json', 'junit.xml', 'playwright/index.html']));
  assert.ok(page.includes('javascript:alert(1)'), 'shown as text');
});

test('the policy allows no network and exactly the style sheet and the script of the page', () => {
  for (const [page, scripts] of [
    [reportHtml(sampleReport), 0],
    [reportHtml(sampleReport, sampleExperiments), 1],
  ] as const) {
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    const own = [...page.matchAll(/<(style|script)>([\s\S]*?)<\/\1>/g)];
    assert.equal(own.filter(([, name]) => name === 'script').length, scripts);
    assert.ok(policy.startsWith('default-src &#39;none&#39;'));
    for (const [, name, text] of own) {
      const hash = createHash('sha256').update(text!).digest('base64');
      assert.ok(policy.includes(`${name}-src &#39;sha256-${hash}&#39;`), name);
    }
    assert.equal(
      policy.includes('script-src'),
      scripts > 0,
      'a page without pictures does not allow scripts',
    );
    assert.ok(!/\ssrc=|url\((?!#)|@import/.test(page));
  }
});

test('promises that are broken or not judged are open, others are folded, and each shows its verdict as text', () => {
  const page = reportHtml(sampleReport);
  const states = [...page.matchAll(/<details\s+class="promise (\w+)"\s+id="([A-Z]{3}-\d\d)"\s*(open)?/g)];
  assert.equal(states.length, sampleReport.promises.length);
  for (const [, verdict, , open] of states)
    assert.equal(open === 'open', verdict === 'fail' || verdict === 'error');
  for (const word of ['kept', 'broken', 'not judged', 'skipped'])
    assert.ok(page.includes(`> ${word}</span>`), word);
});

const worded = (page: string) => page.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');

test('the report begins with what users notice: a row a fault, with its numbers and bounds', () => {
  const page = reportHtml(sampleReport);
  assert.ok(page.indexOf('id="users"') < page.indexOf('id="mesh"'));
  const rows = [...page.matchAll(/<tr class="(\w+)">(.*?)<\/tr>/gs)].map(([, verdict, row]) => [
    verdict,
    worded(row!).trim(),
  ]);
  assert.deepEqual(
    rows.map(([verdict]) => verdict),
    ['fail', 'fail', 'error', 'pass', 'pass'],
  );
  assert.match(
    rows[0]![1]!,
    /^broken RES-01 .* Requests lost 433 of 10,000 Longest outage 3\.1 s Time to recover /,
  );
  assert.match(
    rows[1]![1]!,
    /west→east \(worst of 2 paths\).*Requests lost ✗ 37 .*✗ 14\.8 s after the fault began/,
  );
  assert.match(rows[2]![1]!, /^not judged GWY-02 .*Test timeout of 60000ms exceeded\. – – – –$/);
  assert.match(rows[3]![1]!, /1\.7 s after the fault ended Allowed 10\.0 s to recover$/);
});

test('without a fault there is a sentence in place of the table, and an older report has neither', () => {
  const page = worded(reportHtml({ ...sampleReport, faults: [] }));
  assert.match(page, /did not inject a fault, .* 1 promise with a fault was skipped\./);
  assert.doesNotMatch(page, /Requests lost/);
  const { faults: _faults, ...older } = sampleReport;
  assert.doesNotMatch(reportHtml(reportSchema.parse(older)), /What users notice/);
});

test('promises that were not tried are folded: the reason is at the top', () => {
  const untried = samplePromise({ id: 'CON-01', verdict: 'error', reason: 'Not judged: east is down' });
  const page = reportHtml({ ...sampleReport, verdict: 'error', reason: 'east is down', promises: [untried] });
  assert.doesNotMatch(page, /<details[^>]* open/);
});

test('the same report gives the same page, and unusual reports also give a page', () => {
  assert.equal(reportHtml(sampleReport), reportHtml(sampleReport));
  const cluster = sampleMesh.clusters[0]!;
  const meshes = [
    null,
    { ...sampleMesh, clusters: [] },
    { ...sampleMesh, clusters: [cluster], services: [] },
    {
      ...sampleMesh,
      lab: null,
      link: [],
      clusters: 'abcde'.split('').map((name) => ({ ...cluster, name, network: `${name}-net` })),
    },
  ];
  for (const mesh of meshes) assert.ok(!reportHtml({ ...sampleReport, mesh }).includes('NaN'));
  const value = { name: 'n', unit: '', value: 0 };
  const measurements = [
    value,
    { ...value, value: -3, atLeast: -5 },
    { ...value, atMost: 0 },
    { ...value, value: 1e12, atLeast: 1, atMost: 2 },
  ];
  const page = reportHtml({ ...sampleReport, promises: [samplePromise({ id: 'CON-01', measurements })] });
  assert.ok(!/NaN|Infinity|undefined/.test(page));
  assert.match(reportHtml({ ...sampleReport, promises: [], verdict: 'error' }), /could not be judged/);
});

test('the schema of the report is published as JSON Schema', () => {
  const schema = reportJsonSchema();
  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.deepEqual(Object.keys(schema.properties ?? {}), Object.keys(sampleReport));
});
