import assert from 'node:assert/strict';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { InvalidFile } from '../invalid-file.ts';
import { gathered } from './gathered.ts';
import { parseSnapshot, readSnapshot } from './read-snapshot.ts';
import { sampleSnapshot } from './sample.ts';

const sample = sampleSnapshot();
const json = Buffer.from(JSON.stringify(sample));
const archive = await gathered('m', sample, [{ name: 'logs/west/a.log', content: 'a line\n' }]);
const forms = [json, gzipSync(json), archive, gunzipSync(archive)];

/** A snapshot or a clear error; anything else fails the test. */
function readOrRefuse(bytes: Buffer): void {
  try {
    assert.equal(parseSnapshot(bytes, 'x').kind, 'Snapshot');
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    assert.match(error.message, /^x/);
    assert.ok(error.message.length < 20_000);
  }
}

test('a snapshot is read back as it was, plain, gzipped and from an archive', () => {
  for (const form of forms) assert.deepEqual(parseSnapshot(form, 'x'), sample);
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'meshproof-snapshot-'));
  const file = path.join(folder.path, 's.json');
  writeFileSync(file, json);
  assert.deepEqual(readSnapshot(file), sample);
});

test('a snapshot of the version before, with specs as applied and messages of conditions, is read', () => {
  const before = structuredClone(sample);
  const [west] = before.clusters;
  const [gateway] = west?.resources ?? [];
  assert.ok(west && gateway);
  const condition = { type: 'Reconciled', status: 'False', reason: 'Odd' };
  const spec = { hosts: ['a'], http: [{ match: [{ uri: { prefix: '/a' } }] }] };
  west.resources = [{ ...gateway, spec, status: [{ ...condition, message: 'why' } as typeof condition] }];
  const [read] = parseSnapshot(Buffer.from(JSON.stringify(before)), 'x').clusters[0]?.resources ?? [];
  assert.deepEqual([read?.spec, read?.status], [spec, [condition]]);
});

test('a file that is cut off anywhere is refused or read, never a crash', () => {
  fc.assert(
    fc.property(fc.constantFrom(...forms), fc.double({ min: 0, max: 1, noNaN: true }), (form, share) => {
      readOrRefuse(form.subarray(0, Math.floor(form.length * share)));
    }),
    { numRuns: 60 },
  );
});

test('a file with bytes changed anywhere is refused or read, never a crash', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.constantFrom(...forms), changes, (form, all) => {
      const damaged = Buffer.from(form);
      for (const [at, byte] of all) damaged[at % damaged.length] = byte;
      readOrRefuse(damaged);
    }),
    { numRuns: 60 },
  );
});

test('any bytes and any JSON are refused, never a crash', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => readOrRefuse(Buffer.from(bytes))));
  fc.assert(fc.property(fc.json(), (text) => readOrRefuse(Buffer.from(text))));
});

test('a part that is taken away or replaced is named, or read where it may be absent', () => {
  const keys = Object.keys(sample) as (keyof typeof sample)[];
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.jsonValue(), (key, value) => {
      readOrRefuse(Buffer.from(JSON.stringify({ ...sample, [key]: value })));
    }),
  );
  const { declared: _, ...without } = sample;
  assert.throws(() => parseSnapshot(Buffer.from(JSON.stringify(without)), 'x'), /declared/);
});

test('what is wrong is said', () => {
  const cases: [Buffer | string, RegExp][] = [
    ['', /x: is empty; a snapshot is wanted/],
    ['[]', /holds no fields/],
    ['{"kind":"Mesh"}', /is of the kind "Mesh", not "Snapshot"/],
    [
      JSON.stringify({ ...sample, apiVersion: 'meshproof.dev/snapshot/v9' }),
      /has the version .*v9.*take it anew/,
    ],
    [json.subarray(0, 1_000), /is no whole JSON .*cut off or damaged/],
    [gzipSync(json).subarray(0, 1_000), /cannot be unpacked/],
    [gunzipSync(archive).subarray(0, 5_000), /is an archive without snapshot\.json, or cut off/],
  ];
  for (const [bytes, message] of cases) assert.throws(() => parseSnapshot(Buffer.from(bytes), 'x'), message);
  assert.throws(() => readSnapshot('/nowhere/at-all.json'), /no such file/);
  assert.throws(() => readSnapshot(tmpdir()), /is a directory/);
});
