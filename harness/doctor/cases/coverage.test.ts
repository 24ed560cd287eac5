import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { keptFields } from '../../snapshot/kept-fields.ts';
import { meshSettings } from '../../snapshot/shape-istio.ts';
import { checks } from '../checks.ts';
import { recordedCases } from './cases.ts';
import { withCases } from './coverage.ts';

const page = readFileSync(new URL('../../../docs/coverage.md', import.meta.url), 'utf8');

test('the page has a row for each recorded case', () => {
  assert.equal(
    withCases(page, recordedCases),
    page,
    'docs/coverage.md is stale: run `npm run docs:coverage`',
  );
  assert.notEqual(withCases(page, recordedCases.slice(1)), page);
});

test('the page names cases and codes that exist', () => {
  const ids = new Set(recordedCases.map(({ id }) => id));
  const codes = new Set(checks.map(({ code }) => code));
  const named = (pattern: RegExp) => [...page.matchAll(pattern)].map(([text]) => text);
  assert.deepEqual(
    named(/\b\d\d-[a-z]+(?:-[a-z\d]+)+\b/g).filter((id) => !ids.has(id)),
    [],
  );
  assert.deepEqual(
    named(/\bMP\d{4}\b/g).filter((code) => !codes.has(code)),
    [],
  );
});

test('the page counts its further cases, of which at least 20 are healthy and 20 are broken', () => {
  const count = (pattern: RegExp) =>
    [...page.matchAll(pattern)].flatMap(([, listed = '']) => listed.split(';')).length;
  const healthy = count(/[|.] Healthy: (.+?)(?=\. Broken: | \|$)/gm);
  const broken = count(/[|.] Broken: (.+?)(?= \|$)/gm);
  assert.ok(healthy >= 20 && broken >= 20);
  assert.match(
    page,
    new RegExp(`\\b${healthy + broken} further cases: ${healthy} healthy and ${broken} broken\\.`),
  );
});

test('the page has every mesh setting and every field of a resource that a snapshot keeps', () => {
  const kinds = Object.values(keptFields).flatMap((group) => Object.entries(group));
  const fields = [
    ...Object.keys(meshSettings.shape).map((name) => `settings.${name}`),
    ...kinds.flatMap(([kind, table]) => Object.keys(table).map((name) => `${kind}.${name}`)),
  ];
  assert.deepEqual(
    fields.filter((field) => !page.includes(`\`${field}\``)),
    [],
  );
});
