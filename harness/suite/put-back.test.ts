import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { timeouts } from '../base/timeouts.ts';
import { putBack, putBackMs } from './put-back.ts';

/** A session and faults; `undo` does what it is given, one after the other. */
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
const refuse = (words: string) => () => Promise.reject(new Error(words));

test('what was applied is undone before what was broken is healed', async () => {
  const { did, session, faults } = recorded();
  await putBack(session, faults);
  assert.deepEqual(did.slice(0, 2), ['undo', 'heal']);
});

test('what could not be undone beside a fault is undone after its healing', async () => {
  const { did, session, faults } = recorded(refuse('no answer'));
  await putBack(session, faults);
  assert.deepEqual(did, ['undo', 'heal', 'undo']);
});

test('what cannot be undone is thrown, and keeps nothing from being healed', async () => {
  const { did, session, faults } = recorded(refuse('no answer'), refuse('no answer yet'));
  await assert.rejects(putBack(session, faults), /no answer yet/);
  assert.deepEqual(did, ['undo', 'heal', 'undo']);
});

test('an undoing that hangs does not keep what was broken from being healed', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const { did, session, faults } = recorded(() => new Promise(() => undefined));
    const done = putBack(session, faults);
    mock.timers.tick(timeouts.healMs);
    await done;
    assert.deepEqual(did, ['undo', 'heal', 'undo']);
  } finally {
    mock.timers.reset();
  }
});

test('its time follows from what was broken', () => {
  assert.ok(putBackMs({ healWithinMs: 300_000 }) > 300_000 + 2 * timeouts.healMs - 1);
});
