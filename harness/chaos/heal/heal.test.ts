import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import type { MeshFile } from '../../config/mesh-file.ts';
import { Mesh } from '../../mesh/attach.ts';
import { wordRefused, type RefusedMark } from '../marks/mark.ts';
import { heal, healFaults, healFaultsMs } from './heal.ts';
import type { JournalEntry } from './journal.ts';
import { journalOf, newEntryId } from './journal.ts';

temporaryFolder('MESHPROOF_STATE');

/** A mesh without clusters whose root namespace cannot be read the first times: so the healing of a fault fails there. */
function refusing(times: number): Mesh {
  let left = times;
  const file = {
    ...{ meshId: `m${times}`, clusters: [], services: [] },
    get rootNamespace() {
      if (left-- > 0) throw new Error('kept by something else');
      return 'istio-system';
    },
  } as unknown as MeshFile;
  return new Mesh(file, []);
}

const refused = () => assert.fail('an entry was refused');

const entry = (over: Partial<JournalEntry> = {}): JournalEntry => ({
  ...{ version: 1, id: newEntryId(), fault: 'root-rotated', phase: 'injected', parameters: {} },
  ...{ undo: { issuers: {} }, clusters: {}, pid: 1, startedAt: '2026-11-23T10:00:00.000Z' },
  ...over,
});

test('a fault that cannot be healed is tried again after all others', async () => {
  const mesh = refusing(1);
  await journalOf(mesh.file).write(entry());
  const healed = await heal(mesh, { refused });
  assert.equal(healed.length, 1);
  assert.match(healed[0] ?? '', /^root-rotated \(injected 2026-11-23T10:00:00.000Z by process 1\)/);
  assert.deepEqual((await journalOf(mesh.file).read()).entries, []);
});

test('a fault that fails twice is reported once, and stays in the journal', async () => {
  const mesh = refusing(2);
  await journalOf(mesh.file).write(entry());
  await assert.rejects(
    heal(mesh, { refused }),
    ({ message }: Error) => message.split('kept by something else').length === 2,
  );
  assert.equal((await journalOf(mesh.file).read()).entries.length, 1);
});

for (const [title, over, words] of [
  [
    'an unknown fault',
    { fault: 'not-a-fault\u001b[31m' },
    /this version of meshproof does not know the fault "not-a-fault\\u001b\[31m"/,
  ],
  [
    'parameters of another shape',
    { fault: 'pods-killed', parameters: { cluster: 7 } },
    /does not accept its "parameters\.cluster"/,
  ],
  [
    'undo data of another shape',
    { undo: { issuers: [] } },
    /root-rotated cannot be undone by its "undo\.issuers"/,
  ],
] as const)
  test(`an entry with ${title} is set aside with one line, and not tried again`, async () => {
    const mesh = refusing(0);
    const journal = journalOf(mesh.file);
    const [one, good] = [entry(over), entry()];
    await journal.write(one);
    await journal.write(good);
    const marks: RefusedMark[] = [];
    const heals = () => heal(mesh, { refused: (mark) => marks.push(mark) });
    assert.equal((await heals()).length, 1, 'the other entry is healed');
    assert.equal(marks.length, 1);
    const line = wordRefused(marks[0] as RefusedMark);
    assert.match(line, words);
    assert.match(line, /\.json\.unreadable asks to heal a fault: not done.*delete the file\.$/);
    assert.doesNotMatch(line, /[\n\u001b]/);
    assert.deepEqual([await heals(), marks.length], [[], 1]);
  });

test('faults alone are healed where a mesh is in use, and each has the time of its kind', async () => {
  const [mesh, one] = [refusing(0), entry()];
  await journalOf(mesh.file).write(one);
  assert.equal((await healFaults(mesh, [one], { refused })).length, 1);
  assert.deepEqual((await journalOf(mesh.file).read()).entries, []);
  assert.ok(healFaultsMs([one, entry({ fault: 'pods-killed' })]) > healFaultsMs([one]));
  assert.ok(healFaultsMs([one]) > 300_000);
});
