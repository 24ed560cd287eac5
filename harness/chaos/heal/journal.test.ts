import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inOrder } from './heal.ts';
import { Journal, newEntryId, parseEntry, type JournalEntry } from './journal.ts';

const entry = (over: Partial<JournalEntry> = {}): JournalEntry => ({
  version: 1,
  id: newEntryId(),
  fault: 'pods-killed',
  phase: 'begun',
  parameters: { cluster: 'west' },
  undo: { pods: [] },
  clusters: {},
  pid: 1,
  startedAt: '2026-11-23T10:00:00.000Z',
  ...over,
});
const parent = mkdtempSync(join(tmpdir(), 'journal-'));
after(() => rmSync(parent, { recursive: true }));
const folder = () => join(mkdtempSync(join(parent, 'of-')), 'journal');

test('an entry is read as it was written, from a file that others cannot read', async () => {
  const journal = new Journal(folder());
  const written = entry();
  await journal.write(written);
  assert.deepEqual(await journal.read(), { entries: [written], unreadable: [] });
  const [name = ''] = readdirSync(journal.folder);
  assert.equal(statSync(join(journal.folder, name)).mode & 0o777, 0o600);
  assert.equal(statSync(journal.folder).mode & 0o777, 0o700);
});

test('a journal that was never written is empty, and a second removal succeeds', async () => {
  const journal = new Journal(folder());
  assert.deepEqual(await journal.read(), { entries: [], unreadable: [] });
  const written = entry();
  await journal.write(written);
  await journal.remove(written);
  await journal.remove(written);
  assert.deepEqual(await journal.read(), { entries: [], unreadable: [] });
});

test('a second write of an entry replaces the first', async () => {
  const journal = new Journal(folder());
  const written = entry();
  await journal.write(written);
  await journal.write({ ...written, phase: 'injected' });
  const { entries } = await journal.read();
  assert.deepEqual(
    entries.map(({ phase }) => phase),
    ['injected'],
  );
});

test('an incomplete write is ignored; an incomplete entry is named and set aside', async () => {
  const journal = new Journal(folder());
  const whole = entry({ startedAt: '2026-11-23T10:00:01.000Z' });
  await journal.write(whole);
  writeFileSync(join(journal.folder, 'x.json.unfinished'), '{"version":');
  writeFileSync(join(journal.folder, '2026-cut.json'), JSON.stringify(entry()).slice(0, 60));
  assert.deepEqual(await journal.read(), { entries: [whole], unreadable: ['2026-cut.json'] });
  assert.match(await journal.setAside('2026-cut.json'), /2026-cut\.json\.unreadable$/);
  assert.deepEqual(await journal.read(), { entries: [whole], unreadable: [] });
});

test('links, folders and pipes are not read; a copy of an entry under another name is not an entry', async () => {
  const journal = new Journal(folder());
  const written = entry();
  await journal.write(written);
  const at = (name: string) => join(journal.folder, name);
  const elsewhere = join(parent, 'elsewhere.json');
  const other = entry();
  writeFileSync(elsewhere, JSON.stringify(other));
  symlinkSync(elsewhere, journal.fileOf(other));
  mkdirSync(at('folder.json'));
  execFileSync('mkfifo', [at('pipe.json')]);
  writeFileSync(at('copy.json'), JSON.stringify(written));
  const { entries, unreadable } = await journal.read();
  assert.deepEqual(entries, [written]);
  assert.equal(unreadable.length, 4);
  for (const name of unreadable) await journal.setAside(name);
  assert.deepEqual(await journal.read(), { entries: [written], unreadable: [] });
  assert.deepEqual(JSON.parse(readFileSync(elsewhere, 'utf8')), other);
});

test('an entry is not written through a symbolic link', async () => {
  const journal = new Journal(folder());
  const written = entry();
  await journal.write(entry({ startedAt: '2026-11-23T09:00:00.000Z' }));
  const elsewhere = join(parent, 'not-ours');
  writeFileSync(elsewhere, 'theirs');
  symlinkSync(elsewhere, `${journal.fileOf(written)}.unfinished`);
  await journal.write(written);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'theirs');
  assert.ok(lstatSync(journal.fileOf(written)).isFile());
});

test('other text is not an entry: empty, another version, an id that cannot name a chain', () => {
  for (const text of [
    '',
    '{}',
    JSON.stringify({ ...entry(), version: 2 }),
    JSON.stringify(entry({ id: 'a b' })),
  ])
    assert.equal(parseEntry(text), undefined, text);
});

test('clusters are healed first, then the link, then API servers, and within each the last first', () => {
  const at = (fault: string, second: number) =>
    entry({ fault, startedAt: `2026-11-23T10:00:0${second}.000Z` });
  const order = inOrder([
    at('pods-killed', 1),
    at('link-partitioned', 2),
    at('istiod-down', 3),
    at('api-server-down', 4),
    at('cluster-frozen', 5),
    at('link-lossy', 6),
  ]);
  assert.deepEqual(
    order.map(({ fault }) => fault),
    ['cluster-frozen', 'link-lossy', 'link-partitioned', 'api-server-down', 'istiod-down', 'pods-killed'],
  );
});
