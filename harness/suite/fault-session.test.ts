import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import { FaultSession } from './fault-session.ts';

/** A session, and what was done to the mesh under it. */
function recorded() {
  const did: string[] = [];
  const fault = (name: string) => ({
    async [Symbol.asyncDispose]() {
      await delay(1);
      did.push(`${name} healed`);
    },
  });
  const inject = async (name: string, takesMs = 0) => {
    did.push(`${name} begun`);
    await delay(takesMs);
    did.push(`${name} broken`);
    return fault(name);
  };
  return { faults: new FaultSession(), did, inject };
}
const refuse = (words: string) => Promise.reject(new Error(words));

test('what was broken is healed at the end, the last first', async () => {
  const { faults, did, inject } = recorded();
  assert.equal(faults.any, false);
  await faults.use(() => inject('one'));
  await faults.use(() => inject('two'));
  assert.equal(faults.any, true);
  await faults[Symbol.asyncDispose]();
  assert.deepEqual(did.slice(-2), ['two healed', 'one healed']);
});

test('a test that ends while something is being broken: it is waited for and healed, and its body gets no further', async () => {
  const { faults, did, inject } = recorded();
  const body = faults.use(() => inject('one', 20)).then(() => did.push('the body went on'));
  const left = assert.rejects(body, /The test is over/);
  await faults[Symbol.asyncDispose]();
  await left;
  assert.deepEqual(did, ['one begun', 'one broken', 'one healed']);
});

test('what listens to the signal ends at once; that it did is no failure', async () => {
  const faults = new FaultSession();
  const waitForever = (signal: AbortSignal) =>
    new Promise<AsyncDisposable>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error));
    });
  const left = assert.rejects(faults.use(waitForever), /The test is over/);
  await faults[Symbol.asyncDispose]();
  await left;
});

test('after the end nothing is begun', async () => {
  const { faults, did, inject } = recorded();
  await faults[Symbol.asyncDispose]();
  await assert.rejects(
    faults.use(() => inject('late')),
    /The test is over: nothing more is broken/,
  );
  assert.deepEqual(did, []);
});

test('what could not be broken is told once: to the body, or to who heals when that one is gone', async () => {
  const told = new FaultSession();
  await assert.rejects(
    told.use(() => refuse('refused')),
    /refused/,
  );
  await told[Symbol.asyncDispose]();
  const untold = new FaultSession();
  const body = assert.rejects(untold.use(() => delay(10).then(() => refuse('not healed'))));
  await assert.rejects(untold[Symbol.asyncDispose](), /not healed/);
  await body;
});

test('what cannot be healed keeps nothing else from being healed, and all of it is told', async () => {
  const { faults, did, inject } = recorded();
  const stuck = (name: string) => () =>
    Promise.resolve({ [Symbol.asyncDispose]: () => refuse(`${name} is stuck`) });
  await faults.use(() => inject('one'));
  await faults.use(stuck('two'));
  await faults.use(stuck('three'));
  await assert.rejects(faults[Symbol.asyncDispose](), /three is stuck; Error: two is stuck/);
  assert.equal(did.at(-1), 'one healed');
});

test('the time to heal grows with what is broken', async () => {
  const { faults, inject } = recorded();
  await faults.use(() => inject('one'), 300_000);
  const one = faults.healWithinMs;
  assert.ok(one >= 300_000);
  await faults.use(() => inject('two'), 1_000);
  assert.ok(faults.healWithinMs > one);
});
