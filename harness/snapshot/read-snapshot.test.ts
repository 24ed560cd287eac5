import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { InvalidFile } from '../config/invalid-file.ts';
import { gathered, parseSnapshot, readSnapshot } from './read-snapshot.ts';
import { sampleSnapshot } from './sample/sample.ts';
import { snapshotLimits } from './snapshot-limits.ts';

const sample = sampleSnapshot();
const json = Buffer.from(JSON.stringify(sample));
const archive = await gathered('m', sample, [{ name: 'logs/west/a.log', content: 'a line\n' }]);
const forms = [json, gzipSync(json), archive, gunzipSync(archive)];

/** A snapshot or a clear error; anything else fails the test. */
async function readOrRefuse(bytes: Buffer): Promise<void> {
  try {
    assert.equal((await parseSnapshot(bytes, 'x')).kind, 'Snapshot');
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    assert.match(error.message, /^x/);
    assert.ok(error.message.length < 20_000);
  }
}

/** The message for bytes that must not be accepted. */
async function refusal(bytes: Buffer): Promise<string> {
  const refused = await parseSnapshot(bytes, 'x').then(
    () => undefined,
    (error: Error) => error.message,
  );
  return refused ?? assert.fail('it was accepted');
}

test('a snapshot is read back as it was, plain, gzipped and from an archive', async () => {
  for (const form of forms) assert.deepEqual(await parseSnapshot(form, 'x'), sample);
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'meshproof-snapshot-'));
  const file = path.join(folder.path, 's.json');
  writeFileSync(file, json);
  assert.deepEqual(await readSnapshot(file), sample);
});

test('a snapshot of the version before, with specs as applied and messages of conditions, is read', async () => {
  const before = structuredClone(sample);
  const [west] = before.clusters;
  const [gateway] = west?.resources ?? [];
  assert.ok(west && gateway);
  const condition = { type: 'Reconciled', status: 'False', reason: 'Odd' };
  const spec = { hosts: ['a'], http: [{ match: [{ uri: { prefix: '/a' } }] }] };
  west.resources = [{ ...gateway, spec, status: [{ ...condition, message: 'why' } as typeof condition] }];
  const snapshot = await parseSnapshot(Buffer.from(JSON.stringify(before)), 'x');
  const [read] = snapshot.clusters[0]?.resources ?? [];
  assert.deepEqual([read?.spec, read?.status], [spec, [condition]]);
});

test('a file that is cut off anywhere is refused or read, never a crash', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...forms),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (form, share) => {
        await readOrRefuse(form.subarray(0, Math.floor(form.length * share)));
      },
    ),
    { numRuns: 60 },
  );
});

test('a file with bytes changed anywhere is refused or read, never a crash', async () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...forms), changes, async (form, all) => {
      const damaged = Buffer.from(form);
      for (const [at, byte] of all) damaged[at % damaged.length] = byte;
      await readOrRefuse(damaged);
    }),
    { numRuns: 60 },
  );
});

test('any bytes and any JSON are refused, never a crash', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), (bytes) => readOrRefuse(Buffer.from(bytes))),
  );
  await fc.assert(fc.asyncProperty(fc.json(), (text) => readOrRefuse(Buffer.from(text))));
});

test('a part that is removed or replaced is named, or accepted if it is optional', async () => {
  const keys = Object.keys(sample) as (keyof typeof sample)[];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...keys), fc.jsonValue(), async (key, value) => {
      await readOrRefuse(Buffer.from(JSON.stringify({ ...sample, [key]: value })));
    }),
  );
  const { declared: _, ...without } = sample;
  await assert.rejects(parseSnapshot(Buffer.from(JSON.stringify(without)), 'x'), /declared/);
});

test('the message names the problem', async () => {
  const cases: [Buffer | string, RegExp][] = [
    ['', /x: is empty; give a snapshot that/],
    ['[]', /holds no fields/],
    ['{"kind":"Mesh"}', /is of the kind "Mesh", not "Snapshot"/],
    [
      JSON.stringify({ ...sample, apiVersion: 'meshproof.dev/snapshot/v9' }),
      /has the version .*v9.*take it again/,
    ],
    [json.subarray(0, 1_000), /is not complete JSON .*cut off or damaged/],
    [gzipSync(json).subarray(0, 1_000), /cannot be unpacked/],
    [gunzipSync(archive).subarray(0, 5_000), /is an archive without snapshot\.json, or cut off/],
  ];
  for (const [bytes, message] of cases) await assert.rejects(parseSnapshot(Buffer.from(bytes), 'x'), message);
  await assert.rejects(readSnapshot('/nowhere/at-all.json'), /no such file/);
  await assert.rejects(readSnapshot(tmpdir()), /is a directory/);
});

test('only the first problems are worded, and a bad value is quoted', async () => {
  const clusters = Array.from({ length: 300 }, () => ({ ...sample.clusters[0], name: 7 }));
  const message = await refusal(Buffer.from(JSON.stringify({ ...sample, clusters })));
  const lines = message.split('\n');
  assert.match(lines[0]!, /^x clusters\[0\]\.name: 7 must be text/);
  assert.deepEqual([lines.length, lines[20]], [21, 'and more']);
});

test('a large snapshot is read as a small one is', async () => {
  const pods = Array.from({ length: 2_000 }, () => sample.clusters[0]!.pods[0]!);
  const large = { ...sample, clusters: [{ ...sample.clusters[0]!, pods }, ...sample.clusters.slice(1)] };
  const text = JSON.stringify({ ...large, clusters: large.clusters.map((one) => ({ ...one, later: 1 })) });
  assert.deepEqual(await parseSnapshot(Buffer.from(text), 'x'), JSON.parse(JSON.stringify(large)));
});

// The header of the second member of the archive, and its only block.
const logAt = 512 + Math.ceil(Buffer.byteLength(`${JSON.stringify(sample)}\n`) / 512) * 512;
const logMember = gunzipSync(archive).subarray(logAt, logAt + 1024);

const { bytes: mostBytes, values: mostValues, shapes } = snapshotLimits;
const head = '{"apiVersion":"meshproof.dev/snapshot/v1","kind":"Snapshot",';
/** A snapshot that continues with one piece again and again. */
const repeated = (start: string, piece: string, bytes: number, end: string): Buffer =>
  Buffer.concat([
    Buffer.from(head + start),
    Buffer.alloc(bytes - (bytes % Buffer.byteLength(piece)), piece),
    Buffer.from(end),
  ]);
const named = (count: number): Buffer =>
  Buffer.from(`${head}"x":{${Array.from({ length: count }, (_, i) => `"k${i}":1`).join(',')}}}`);

/** Files that are costly in a way of their own: up to a limit, and beyond it. */
const costly: Record<string, () => Buffer> = {
  'empty objects': () => repeated('"certificates":[', '{},', 1.5 * mostValues - 99, '{}]}'),
  'empty lists in an unknown field': () => repeated('"x":[', '[],', 1.5 * mostValues - 99, '[]]}'),
  'different names of fields': () => named(shapes - 10),
  'too many names of fields': () => named(2 * shapes),
  'one string': () => repeated('"x":"', 'é', mostBytes - 200, '"}'),
  nesting: () => Buffer.alloc(mostBytes, '['),
  'nesting of objects': () => Buffer.alloc(mostBytes, '{"a":'),
  spaces: () => Buffer.alloc(mostBytes, ' '),
  'a gzip bomb': () => Buffer.concat(Array<Buffer>(200).fill(gzipSync(Buffer.alloc(16 * 1024 * 1024, ' ')))),
  'an archive of 20,000 logs': () => Buffer.alloc(20_000 * 1024, logMember),
};

test('any file up to the limits takes less than 5 s of processor time', async () => {
  for (const [name, bytesOf] of Object.entries(costly)) {
    const bytes = bytesOf();
    const began = process.cpuUsage();
    const message = await refusal(bytes);
    const { user, system } = process.cpuUsage(began);
    assert.ok(user + system < 5e6, `${name}: ${(user + system) / 1e6} s`);
    assert.ok(message.length < 10_000, `${name}: a message of ${message.length} characters`);
  }
});

test('a file at the limits takes less than 1 GB', () => {
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'meshproof-snapshot-'));
  const module = path.join(import.meta.dirname, 'read-snapshot.ts');
  const file = path.join(folder.path, 's.json');
  const program = `import { readSnapshot } from ${JSON.stringify(module)};
    await readSnapshot(${JSON.stringify(file)}).catch(() => undefined); console.log(process.resourceUsage().maxRSS);`;
  for (const name of ['empty objects', 'one string']) {
    writeFileSync(file, costly[name]!());
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    assert.ok(Number(stdout) > 0 && Number(stdout) < 1e6, `${name}: ${stdout} kB`);
  }
});
