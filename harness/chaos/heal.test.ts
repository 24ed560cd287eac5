import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mesh } from '../mesh/attach.ts';
import type { MeshFile } from '../mesh/mesh-file.ts';
import type { JournalEntry } from './journal.ts';
import { heal, healFaults, healFaultsMs } from './heal.ts';
import { journalOf, newEntryId } from './journal.ts';
import { temporaryFolder } from '../mesh/temporary-folder.ts';

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

const entry = (over: Partial<JournalEntry> = {}): JournalEntry => ({
  ...{ version: 1, id: newEntryId(), fault: 'root-rotated', phase: 'injected', parameters: {} },
  ...{ undo: { issuers: {} }, clusters: {}, pid: 1, startedAt: '2026-11-23T10:00:00.000Z' },
  ...over,
});

test('a fault that cannot be healed is tried again after all else', async () => {
  const mesh = refusing(1);
  await journalOf(mesh.file).write(entry());
  const healed = await heal(mesh);
  assert.equal(healed.length, 1);
  assert.match(healed[0] ?? '', /^root-rotated \(injected 2026-11-23T10:00:00.000Z by process 1\)/);
  assert.deepEqual((await journalOf(mesh.file).read()).entries, []);
});

test('one that cannot be healed the second time either is told once, and stays in the journal', async () => {
  const mesh = refusing(2);
  await journalOf(mesh.file).write(entry());
  await assert.rejects(
    heal(mesh),
    ({ message }: Error) => message.split('kept by something else').length === 2,
  );
  assert.equal((await journalOf(mesh.file).read()).entries.length, 1);
});

test('faults alone are healed where a mesh is in use, and each has the time of its kind', async () => {
  const [mesh, one] = [refusing(0), entry()];
  await journalOf(mesh.file).write(one);
  assert.equal((await healFaults(mesh, [one])).length, 1);
  assert.deepEqual((await journalOf(mesh.file).read()).entries, []);
  assert.ok(healFaultsMs([one, entry({ fault: 'pods-killed' })]) > healFaultsMs([one]));
  assert.ok(healFaultsMs([one]) > 300_000);
});
