import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { snapshotSchema } from '../../snapshot/schema.ts';
import { textOf } from '../breakages/pairs.ts';
import { causesOfBroken, countFailures, falseAlarmsOf } from './count-failures.ts';
import { draws, meshOf, textOfDraw, type Draw } from './random-mesh.ts';
import { breakages } from '../breakages/index.ts';
import { itemOf } from '../broken-sample.ts';

test('a random healthy mesh is a snapshot, and does not give a finding above info', () => {
  const all = fc.sample(draws, { numRuns: 40, seed: 15 });
  for (const [i, draw] of all.entries()) {
    if (i % 20 === 0) assert.ok(snapshotSchema.safeParse(meshOf(draw).snapshot).success, textOfDraw(draw));
    assert.deepEqual(falseAlarmsOf(draw).map(textOf), [], textOfDraw(draw));
  }
});

const lab: Draw = {
  ...{ clusters: 2, network: 'networks-by-label', gateway: 'gateway-by-address', authority: 'cacerts' },
  ...{ remote: false, settings: [] },
};

test('each spelling is healthy by itself', () => {
  const all = fc.sample(draws, { numRuns: 200, seed: 1 });
  const values = (pick: (draw: Draw) => readonly string[]) => [...new Set(all.flatMap(pick))];
  const variants: Draw[] = [
    ...values(({ network }) => [network]).map((network) => ({ ...lab, network })),
    ...values(({ gateway }) => [gateway]).map((gateway) => ({ ...lab, gateway })),
    ...values(({ authority }) => [authority]).map((authority) => ({ ...lab, authority })),
    ...values(({ settings }) => settings).map((one) => ({ ...lab, settings: [one] })),
    { ...lab, remote: true },
    { ...lab, clusters: 4 },
  ];
  for (const draw of variants) assert.deepEqual(falseAlarmsOf(draw).map(textOf), [], textOfDraw(draw));
});

test('a breakage in a random mesh comes first', () => {
  const { notFirst, broken } = countFailures({ healthy: 0, broken: 30, seed: 15 });
  assert.deepEqual([...notFirst.kinds], []);
  assert.ok(broken > 0);
});

test('a breakage does not apply to a mesh that does not have what it breaks', () => {
  const flat = { ...lab, network: 'flat-network' };
  const breakage = itemOf(breakages, ({ id }) => id === 'gateway-without-label');
  assert.equal(causesOfBroken(flat, breakage), undefined);
  assert.equal(causesOfBroken(lab, breakage)?.[0]?.finding.code, 'MP3202');
});
