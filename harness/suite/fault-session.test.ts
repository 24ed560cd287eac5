import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { z } from 'zod';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { defineFault } from '../chaos/fault.ts';
import { journalOf } from '../chaos/heal/journal.ts';
import type { MeshFile } from '../config/mesh-file.ts';
import { Mesh } from '../mesh/attach.ts';
import { FaultSession } from './fault-session.ts';

temporaryFolder('MESHPROOF_STATE');

const file = { meshId: 'm', clusters: [], services: [] } as unknown as MeshFile;
const inJournal = async () => (await journalOf(file).read()).entries.map(({ fault }) => fault);

/** A session, and a list of the changes that were made under it. */
function recorded() {
  const did: string[] = [];
  const fault = (name: string) => ({
    async [Symbol.asyncDispose]() {
      await delay(1);
      did.push(`${name} healed`);
    },
  });
  const begin = async (name: string, takesMs = 0) => {
    did.push(`${name} begun`);
    await delay(takesMs);
    did.push(`${name} changed`);
    return fault(name);
  };
  return { faults: new FaultSession(new Mesh(file, [])), did, begin };
}
const refuse = (message: string) => Promise.reject(new Error(message));

/** A kind of fault that records its steps, each with the faults in the journal at that time. */
function recordedKind(did: string[]) {
  const note = (step: string) => async () => {
    did.push(`${step}, journal: ${(await inJournal()).join() || 'empty'}`);
    return step;
  };
  return defineFault({
    id: 'recorded',
    title: 'Recorded',
    disturbs: 'nothing',
    needsLab: false,
    stage: 'rest',
    bounds: { injectMs: 1_000, healMs: 300_000 },
    parameters: z.object({}),
    undo: z.string(),
    clusters: () => [],
    prepare: async () => '',
    inject: async () => void (await note('inject')()),
    prove: note('prove'),
    heal: async () => void (await note('heal')()),
    proveHealed: note('proveHealed'),
  });
}

test('an injected fault is in the journal until the end of the test heals it and proves that', async () => {
  const { faults, did } = recorded();
  const begun: string[] = [];
  const injected = await faults.inject(recordedKind(did), {}, { onBegin: () => begun.push('begun') });
  assert.deepEqual([injected.evidence, begun], ['prove', ['begun']]);
  assert.ok(faults.any && faults.healWithinMs >= 300_000);
  await faults[Symbol.asyncDispose]();
  const steps = ['inject', 'prove', 'heal', 'proveHealed'].map((step) => `${step}, journal: recorded`);
  assert.deepEqual([did, await inJournal()], [steps, []]);
});

test('a fault that the test heals itself is not healed a second time', async () => {
  const { faults, did } = recorded();
  const injected = await faults.inject(recordedKind(did), {});
  await injected.heal();
  await faults[Symbol.asyncDispose]();
  assert.equal(did.filter((step) => step.startsWith('heal')).length, 1);
});

test('a test that ends during an injection heals the fault, and its body stops', async () => {
  const { faults, did } = recorded();
  const slow = { ...recordedKind(did), prove: () => new Promise<string>(() => undefined) };
  const stopped = assert.rejects(faults.inject(slow, {}), /The test is over/);
  while (did.length === 0) await delay(1);
  await faults[Symbol.asyncDispose]();
  await stopped;
  assert.match(did.at(-1) ?? '', /^proveHealed/);
  assert.deepEqual(await inJournal(), []);
});

test('changes are undone at the end, the last first', async () => {
  const { faults, did, begin } = recorded();
  assert.equal(faults.any, false);
  await faults.use(() => begin('one'));
  await faults.use(() => begin('two'));
  assert.equal(faults.any, true);
  await faults[Symbol.asyncDispose]();
  assert.deepEqual(did.slice(-2), ['two healed', 'one healed']);
});

test('a test that ends during a change waits for the change and undoes it, and its body stops', async () => {
  const { faults, did, begin } = recorded();
  const body = faults.use(() => begin('one', 20)).then(() => did.push('the body continued'));
  const stopped = assert.rejects(body, /The test is over/);
  await faults[Symbol.asyncDispose]();
  await stopped;
  assert.deepEqual(did, ['one begun', 'one changed', 'one healed']);
});

test('a change that listens to the signal ends at once, which is not a failure', async () => {
  const { faults } = recorded();
  const waitForever = (signal: AbortSignal) =>
    new Promise<AsyncDisposable>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  const stopped = assert.rejects(faults.use(waitForever), /The test is over/);
  await faults[Symbol.asyncDispose]();
  await stopped;
});

test('after the end of the test, faults and changes do not begin', async () => {
  const { faults, did, begin } = recorded();
  await faults[Symbol.asyncDispose]();
  await assert.rejects(
    faults.use(() => begin('late')),
    /The test is over: it cannot inject faults any more/,
  );
  await assert.rejects(faults.inject(recordedKind(did), {}), /The test is over/);
  assert.deepEqual(did, []);
});

test('a change that fails is reported once: by the test body, or by disposing when the body is abandoned', async () => {
  const { faults: during } = recorded();
  await assert.rejects(
    during.use(() => refuse('refused')),
    /refused/,
  );
  await during[Symbol.asyncDispose]();
  const { faults: after } = recorded();
  const body = assert.rejects(after.use(() => delay(10).then(() => refuse('not healed'))));
  await assert.rejects(after[Symbol.asyncDispose](), /not healed/);
  await body;
});

test('a fault that cannot be healed does not prevent the healing of others, and all failures are reported', async () => {
  const { faults, did, begin } = recorded();
  const stuck = (name: string) => () =>
    Promise.resolve({ [Symbol.asyncDispose]: () => refuse(`${name} is stuck`) });
  await faults.use(() => begin('one'));
  await faults.use(stuck('two'));
  await faults.use(stuck('three'));
  await assert.rejects(faults[Symbol.asyncDispose](), /three is stuck; Error: two is stuck/);
  assert.equal(did.at(-1), 'one healed');
});

test('the time to heal grows with each change', async () => {
  const { faults, begin } = recorded();
  await faults.use(() => begin('one'), 300_000);
  const one = faults.healWithinMs;
  assert.ok(one >= 300_000);
  await faults.use(() => begin('two'), 1_000);
  assert.ok(faults.healWithinMs > one);
});
