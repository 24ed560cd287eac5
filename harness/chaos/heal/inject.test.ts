import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { mock, test } from 'node:test';
import { z } from 'zod';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import { timeouts } from '../../base/timeouts.ts';
import type { MeshFile } from '../../config/mesh-file.ts';
import { Mesh } from '../../mesh/attach.ts';
import { defineFault, FaultUnavailable } from '../fault.ts';
import { inject } from './inject.ts';
import { journalOf } from './journal.ts';

temporaryFolder('MESHPROOF_STATE');

const file = { meshId: 'm', clusters: [], services: [] } as unknown as MeshFile;
const mesh = new Mesh(file, []);
const left = async () => (await journalOf(file).read()).entries.map(({ phase }) => phase);

const forget = async () => {
  for (const entry of (await journalOf(file).read()).entries) await journalOf(file).remove(entry);
};

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

test('its beginning is reported right before the first change, after all reads', async () => {
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

test('an effect after its bound does not count', async () => {
  const { kind } = recorded({
    bounds: { injectMs: 20, healMs: 1_000 },
    prove: () => new Promise(() => undefined),
  });
  await assert.rejects(inject(mesh, kind, {}), ({ cause }: Error) =>
    /0\.02 s without success/.test((cause as Error).message),
  );
});

test('an injection that exceeds its bound is healed only after it has ended', async () => {
  const { did, kind } = recorded({
    bounds: { injectMs: 10, healMs: 1_000 },
    inject: () => delay(60).then(() => void did.push('the last change')),
  });
  await assert.rejects(inject(mesh, kind, {}), /no proven effect; it was healed/);
  assert.deepEqual(did.slice(1), [
    'the last change',
    'heal, journal: injected',
    'proveHealed, journal: injected',
  ]);
  assert.deepEqual(await left(), []);
});

test('an injection that never ends is not healed meanwhile, and stays in the journal', async () => {
  const begun = Promise.withResolvers<void>();
  const { did, kind } = recorded({
    inject: () => {
      begun.resolve();
      return new Promise(() => undefined);
    },
  });
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const injecting = assert.rejects(
      inject(mesh, kind, {}),
      /was not healed during its injection: a change is still running after 60 s more\. .*`meshproof heal`/,
    );
    await begun.promise;
    for (const ms of [kind.bounds.injectMs, timeouts.lateMs]) {
      mock.timers.tick(ms);
      await new Promise(setImmediate);
    }
    await injecting;
  } finally {
    mock.timers.reset();
  }
  assert.deepEqual(did, ['prepare, journal: empty']);
  assert.deepEqual(await left(), ['begun']);
  await forget();
});

test('a signal ends the wait for the proof: the fault is healed at once, and the reason thrown', async () => {
  const ended = new AbortController();
  const { did, kind } = recorded({ prove: () => new Promise(() => undefined) });
  const reason = new Error('Ctrl-C');
  const onInjected = () => setImmediate(() => ended.abort(reason));
  await assert.rejects(inject(mesh, kind, {}, { signal: ended.signal, onInjected }), reason);
  assert.match(did.at(-1) ?? '', /proveHealed/);
  assert.deepEqual(await left(), []);
});

test('a signal before the first change begins nothing', async () => {
  const ended = new AbortController();
  const { did, kind } = recorded({ prepare: () => Promise.resolve(ended.abort(new Error('Ctrl-C'))) });
  await assert.rejects(inject(mesh, kind, {}, { signal: ended.signal }), /Ctrl-C/);
  assert.deepEqual([did, await left()], [[], []]);
});

test('a healing that fails says what to do, and its fault stays in the journal', async () => {
  const { kind } = recorded({ proveHealed: () => Promise.reject(new Error('still there')) });
  const injected = await inject(mesh, kind, {});
  await assert.rejects(injected.heal(), /recorded could not be healed: run `meshproof heal`/);
  assert.deepEqual(await left(), ['injected']);
  await forget();
});

test('a fault that fails and cannot be healed stays in the journal', async () => {
  const refuse = () => Promise.reject(new Error('refused'));
  const { kind } = recorded({ inject: refuse, heal: refuse });
  await assert.rejects(
    inject(mesh, kind, {}),
    /recorded failed \(refused\) and could not be healed: run `meshproof heal`/,
  );
  assert.deepEqual(await left(), ['begun']);
  await forget();
});

test('a fault of labs is refused on another mesh before anything is changed', async () => {
  const { did, kind } = recorded({ needsLab: true });
  await assert.rejects(inject(mesh, kind, {}), FaultUnavailable);
  assert.deepEqual(did, []);
});

test('a fault that prepare refuses is not begun', async () => {
  const { did, kind } = recorded({ prepare: () => Promise.reject(new Error('broken before')) });
  await assert.rejects(inject(mesh, kind, {}), /broken before/);
  assert.deepEqual([did, await left()], [[], []]);
});
