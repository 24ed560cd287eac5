import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { inside, UnusablePath } from '../../../harness/base/folders.ts';
import { judge } from '../../../harness/doctor/judge.ts';
import { fitToRead } from '../../../harness/snapshot/fit-to-read.ts';
import { gathered, parseSnapshot } from '../../../harness/snapshot/read-snapshot.ts';
import { sampleSnapshot } from '../../../harness/snapshot/sample/sample.ts';
import { snapshotLimits } from '../../../harness/snapshot/snapshot-limits.ts';
import { archiveName, unreadable } from './gather.ts';

/** The names of the entries of an archive. */
async function namesIn(archive: Buffer): Promise<string[]> {
  const names: string[] = [];
  const entries = extract();
  entries.end(gunzipSync(archive));
  for await (const entry of entries) {
    names.push(entry.header.name);
    entry.resume();
  }
  return names;
}

const ids = ['../x', '..', '/etc/x', 'a/../../b', '\ud800', 'x'.repeat(5_000), 'a\0b\n', '.', 'mesh1'];
for (const meshId of ids)
  test(`an archive of the mesh id ${JSON.stringify(meshId.slice(0, 20))} stays in its folder and is read back`, async () => {
    const snapshot = sampleSnapshot();
    snapshot.declared.meshId = meshId;
    const folder = archiveName(snapshot);
    assert.equal(inside(process.cwd(), `${folder}.tar.gz`), join(process.cwd(), `${folder}.tar.gz`));
    const archive = await gathered(folder, snapshot, [{ name: 'logs/west/a.log', content: '' }]);
    assert.deepEqual(await namesIn(archive), [`${folder}/snapshot.json`, `${folder}/logs/west/a.log`]);
    assert.equal((await parseSnapshot(archive, 'it')).declared.meshId, meshId);
  });

test('the archive of an ordinary mesh id has its name', () =>
  assert.match(archiveName(sampleSnapshot()), /^meshproof-[\w-]+-2026-11-01T120000Z$/));

test('an archive takes no name that would leave its folder', async () => {
  for (const name of ['../x', 'logs/../../x', '/etc/passwd'])
    await assert.rejects(gathered('f', sampleSnapshot(), [{ name, content: '' }]), UnusablePath);
});

test('a healthy mesh that was cut to the limits of reading is read and has no findings', async () => {
  const bytes = Math.floor(JSON.stringify(sampleSnapshot()).length * 0.6);
  const { snapshot } = fitToRead(sampleSnapshot(), { ...snapshotLimits, bytes });
  const read = await parseSnapshot(await gathered('m', snapshot, []), 'm.tar.gz');
  assert.ok(read.clusters.every(({ missing }) => missing.some(({ reason }) => reason === 'limit')));
  assert.deepEqual(judge(read).causes, []);
});

test('an archive that is too large is reported with the file, the limit and the command that works', () => {
  const { excess = assert.fail() } = fitToRead(sampleSnapshot(), { ...snapshotLimits, values: 9 });
  assert.equal(
    unreadable('/tmp/m.tar.gz', excess),
    '`meshproof doctor --snapshot` does not read /tmp/m.tar.gz: the snapshot has more than 9 values. Run `meshproof doctor` on the mesh.',
  );
});
