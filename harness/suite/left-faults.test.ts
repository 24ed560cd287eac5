import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { journalOf, newEntryId } from '../chaos/heal/journal.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import { Mesh } from '../mesh/attach.ts';
import { healLeftFaults, healOwnFaults } from './left-faults.ts';

temporaryFolder('MESHPROOF_STATE');

const file = { meshId: 'm', rootNamespace: 'istio-system', clusters: [], services: [] };
const mesh = new Mesh(file as unknown as MeshFile, []);
const journal = journalOf(mesh.file);
const leave = (pid: number) =>
  journal.write({
    ...{ version: 1, id: newEntryId(), fault: 'root-rotated', phase: 'injected', parameters: {} },
    ...{ undo: { issuers: {} }, clusters: {}, pid, startedAt: new Date().toISOString() },
  });
const process20ms = () => spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20)']);

test('a mesh without a fault takes no time', async () => {
  await healLeftFaults(mesh, () => assert.fail('asked for time'));
});

test('what a process left that is gone is healed, in a time that follows from it', async () => {
  const child = process20ms();
  await new Promise((resolve) => child.once('exit', resolve));
  await leave(child.pid ?? 0);
  const allowed: number[] = [];
  await healLeftFaults(mesh, (ms) => allowed.push(ms));
  assert.deepEqual((await journal.read()).entries, []);
  assert.ok((allowed[0] ?? 0) > 300_000);
});

test('a fault of a process that runs is waited for, not healed beneath it', async () => {
  const child = process20ms();
  let ended = false;
  child.once('exit', () => (ended = true));
  await leave(child.pid ?? 0);
  await healLeftFaults(mesh, () => undefined);
  assert.deepEqual([ended, (await journal.read()).entries], [true, []]);
});

test('what this process left itself is healed', async () => {
  await leave(process.pid);
  await healLeftFaults(mesh, () => undefined);
  assert.deepEqual((await journal.read()).entries, []);
});

test('a process that ends heals its own and lets be what is of another', async () => {
  await leave(process.pid);
  await leave(process.ppid);
  await healOwnFaults(mesh);
  assert.deepEqual(
    (await journal.read()).entries.map(({ pid }) => pid),
    [process.ppid],
  );
});
