import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { Mesh } from '../mesh/attach.ts';
import type { MeshFile } from '../mesh/mesh-file.ts';

process.env['MESHPROOF_STATE'] = mkdtempSync(join(tmpdir(), 'state-'));
const { defineFault, FaultUnavailable } = await import('./fault.ts');
const { inject } = await import('./inject.ts');
const { journalOf } = await import('./journal.ts');

const file = { meshId: 'm', clusters: [], services: [] } as unknown as MeshFile;
const mesh = new Mesh(file, []);
const left = async () => (await journalOf(file).read()).entries.map(({ phase }) => phase);

/** A fault that writes down what is done to it. */
function recorded(over: object = {}) {
  const did: string[] = [];
  const note = (what: string) => async () => {
    did.push(`${what}, journal: ${(await left()).join() || 'empty'}`);
    return what;
  };
  const kind = defineFault({
    ...{ id: 'recorded', title: 'Recorded', disturbs: 'nothing', needsLab: false, stage: 'rest' },
    bounds: { injectMs: 1_000, healMs: 1_000 },
    ...{ parameters: z.object({}), undo: z.string(), clusters: () => [] },
    prepare: note('prepare'),
    inject: async () => void (await note('inject')()),
    prove: note('prove'),
    heal: async () => void (await note('heal')()),
    proveHealed: note('proveHealed'),
    ...over,
  });
  return { did, kind };
}

test('the journal is written before anything is changed, and empty when all is healed', async () => {
  const { did, kind } = recorded();
  const injected = await inject(mesh, kind, {});
  assert.equal(injected.evidence, 'prove');
  const [one, two] = await Promise.all([injected.heal(), injected.heal()]);
  assert.equal(one, two);
  assert.deepEqual(did, [
    'prepare, journal: empty',
    'inject, journal: begun',
    'prove, journal: injected',
    'heal, journal: injected',
    'proveHealed, journal: injected',
  ]);
  assert.deepEqual(await left(), []);
});

test('its beginning is told right before the first change, with all that is only looked at done', async () => {
  const { did, kind } = recorded();
  const begun = () => void did.push('begun');
  await (await inject(mesh, kind, {}, { onBegin: begun })).heal();
  assert.deepEqual(did.slice(0, 3), ['prepare, journal: empty', 'begun', 'inject, journal: begun']);
});

test('a fault without a proven effect is healed, and throws why', async () => {
  const { did, kind } = recorded({ prove: () => Promise.reject(new Error('all is well')) });
  await assert.rejects(inject(mesh, kind, {}), ({ message, cause }: Error) => {
    return /no proven effect; it was healed/.test(message) && (cause as Error).message === 'all is well';
  });
  assert.match(did.at(-1) ?? '', /proveHealed/);
  assert.deepEqual(await left(), []);
});

test('an effect that does not come within its bound is none', async () => {
  const { kind } = recorded({
    bounds: { injectMs: 20, healMs: 1_000 },
    prove: () => new Promise(() => undefined),
  });
  await assert.rejects(inject(mesh, kind, {}), ({ cause }: Error) =>
    /0\.02 s in vain/.test((cause as Error).message),
  );
});

test('what fails and cannot be healed stays in the journal', async () => {
  const refuse = () => Promise.reject(new Error('refused'));
  const { kind } = recorded({ inject: refuse, heal: refuse });
  await assert.rejects(
    inject(mesh, kind, {}),
    /recorded failed \(refused\) and could not be healed: run `meshproof heal`/,
  );
  assert.deepEqual(await left(), ['begun']);
  for (const entry of (await journalOf(file).read()).entries) await journalOf(file).remove(entry);
});

test('a fault of labs is refused elsewhere before anything is done', async () => {
  const { did, kind } = recorded({ needsLab: true });
  await assert.rejects(inject(mesh, kind, {}), FaultUnavailable);
  assert.deepEqual(did, []);
});

test('what prepare finds amiss begins nothing', async () => {
  const { did, kind } = recorded({ prepare: () => Promise.reject(new Error('broken before')) });
  await assert.rejects(inject(mesh, kind, {}), /broken before/);
  assert.deepEqual([did, await left()], [[], []]);
});
