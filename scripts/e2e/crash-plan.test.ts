import assert from 'node:assert/strict';
import test from 'node:test';
import { faultKinds } from '../../harness/chaos/faults.ts';
import { mustLeave, plans, spared, victims } from './crash-plan.ts';

test('each fault is killed in a round, or has a reason why not', () => {
  const named = new Set([...victims.map(([id]) => id), ...Object.keys(spared)]);
  assert.deepEqual(
    faultKinds.map(({ id }) => id).filter((id) => !named.has(id)),
    [],
  );
});

test('for each seed, one round or more leaves its fault, and each kind comes once before any repeats', () => {
  for (let seed = 0; seed < 50; seed++) {
    const rounds = plans(seed).take(victims.length).toArray();
    assert.ok(mustLeave(rounds[0]!), `seed ${seed}`);
    assert.equal(new Set(rounds.map(({ victim }) => victim)).size, victims.length);
    assert.deepEqual(plans(seed).take(victims.length).toArray(), rounds);
    assert.ok(rounds.some(({ since }) => since === 'start') && rounds.some((one) => !mustLeave(one)));
  }
});
