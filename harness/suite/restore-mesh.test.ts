import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mock, test } from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { timeouts } from '../base/timeouts.ts';
import { journalOf, newEntryId } from '../chaos/heal/journal.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import { Mesh } from '../mesh/attach.ts';
import { healLeftFaults, healOwnFaults, restoreMesh, restoreMeshMs } from './restore-mesh.ts';

temporaryFolder('MESHPROOF_STATE');

/** A session and faults that record their calls; each call of `undo` runs the next of the given functions. */
function recorded(...undo: (() => Promise<void>)[]) {
  const did: string[] = [];
  const session = {
    undo: () => {
      did.push('undo');
      return undo.shift()?.() ?? Promise.resolve();
    },
  };
  const faults = { [Symbol.asyncDispose]: () => Promise.resolve(void did.push('heal')) };
  return { did, session, faults };
}
const refuse = (message: string) => () => Promise.reject(new Error(message));

test('manifests are deleted before faults are healed', async () => {
  const { did, session, faults } = recorded();
  await restoreMesh(session, faults);
  assert.deepEqual(did.slice(0, 2), ['undo', 'heal']);
});

test('a deletion that fails during a fault is tried again after the healing', async () => {
  const { did, session, faults } = recorded(refuse('no answer'));
  await restoreMesh(session, faults);
  assert.deepEqual(did, ['undo', 'heal', 'undo']);
});

test('a deletion that keeps failing is thrown, and the faults are healed', async () => {
  const { did, session, faults } = recorded(refuse('no answer'), refuse('no answer yet'));
  await assert.rejects(restoreMesh(session, faults), /no answer yet/);
  assert.deepEqual(did, ['undo', 'heal', 'undo']);
});

test('a deletion that hangs does not prevent the healing', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { did, session, faults } = recorded(() => new Promise(() => undefined));
    const done = restoreMesh(session, faults);
    mock.timers.tick(timeouts.healMs);
    await done;
    assert.deepEqual(did, ['undo', 'heal', 'undo']);
  } finally {
    mock.timers.reset();
  }
});

test('the time to restore follows from the faults', () => {
  assert.ok(restoreMeshMs({ healWithinMs: 300_000 }) > 300_000 + 2 * timeouts.healMs - 1);
});

const file = { meshId: 'm', rootNamespace: 'istio-system', clusters: [], services: [] };
const mesh = new Mesh(file as unknown as MeshFile, []);
const journal = journalOf(mesh.file);
const leave = (pid: number) =>
  journal.write({
    version: 1,
    id: newEntryId(),
    fault: 'root-rotated',
    phase: 'injected',
    parameters: {},
    undo: { issuers: {} },
    clusters: {},
    pid,
    startedAt: new Date().toISOString(),
  });
const process20ms = () => spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20)']);

test('a mesh without faults needs no time', async () => {
  await healLeftFaults(mesh, () => assert.fail('asked for time'));
});

test('a fault of a process that has ended is healed, with time that follows from the fault', async () => {
  const child = process20ms();
  await new Promise((resolve) => child.once('exit', resolve));
  await leave(child.pid ?? 0);
  const allowed: number[] = [];
  await healLeftFaults(mesh, (ms) => allowed.push(ms));
  assert.deepEqual((await journal.read()).entries, []);
  assert.ok((allowed[0] ?? 0) > 300_000);
});

test('a fault of a running process is healed after that process has ended', async () => {
  const child = process20ms();
  let ended = false;
  child.once('exit', () => (ended = true));
  await leave(child.pid ?? 0);
  await healLeftFaults(mesh, () => undefined);
  assert.deepEqual([ended, (await journal.read()).entries], [true, []]);
});

test('a fault of this process is healed', async () => {
  await leave(process.pid);
  await healLeftFaults(mesh, () => undefined);
  assert.deepEqual((await journal.read()).entries, []);
});

test('a process that ends heals its own faults and leaves those of other processes', async () => {
  await leave(process.pid);
  await leave(process.ppid);
  await healOwnFaults(mesh);
  assert.deepEqual(
    (await journal.read()).entries.map(({ pid }) => pid),
    [process.ppid],
  );
});
