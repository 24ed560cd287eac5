import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clockOffset } from './clock-offset.ts';

const server = { of: 'apiServer', name: '' } as const;
const headerOf = (ms: number) => new Date(Math.floor(ms / 1_000) * 1_000).toUTCString();

test('the true offset is always within the stated error', () => {
  const answer = fc.record({ at: fc.nat(60_000), there: fc.nat(500), back: fc.nat(500) });
  const offsets = fc.integer({ min: -3_600_000, max: 3_600_000 });
  fc.assert(
    fc.property(offsets, fc.array(answer, { minLength: 1, maxLength: 30 }), (offset, answers) => {
      const start = Date.UTC(2026, 0, 1);
      const readings = answers.map(({ at, there, back }) => ({
        date: headerOf(start + at + there + offset),
        sentMs: start + at,
        receivedMs: start + at + there + back,
      }));
      const clock = clockOffset(readings, server);
      assert.ok(clock);
      assert.ok(Math.abs(clock.offsetMs - offset) <= clock.errorMs + 1, JSON.stringify(clock));
    }),
  );
});

test('many answers narrow the error below the second that one header has', () => {
  const start = Date.UTC(2026, 0, 1);
  const readings = Array.from({ length: 10 }, (_, i) => ({
    date: headerOf(start + i * 110 + 5),
    sentMs: start + i * 110,
    receivedMs: start + i * 110 + 10,
  }));
  assert.ok((clockOffset(readings.slice(0, 1), server)?.errorMs ?? 0) > 500);
  assert.ok((clockOffset(readings, server)?.errorMs ?? 1_000) < 100);
});

test('an answer without a Date tells nothing', () => {
  assert.equal(clockOffset([{ date: undefined, sentMs: 0, receivedMs: 1 }], server), undefined);
});

test('a clock that was set meanwhile has a wide error, not a wrong offset', () => {
  const at = Date.UTC(2026, 0, 1);
  const readings = [0, 60_000].map((offset) => ({
    date: headerOf(at + offset),
    sentMs: at,
    receivedMs: at,
  }));
  assert.ok((clockOffset(readings, server)?.errorMs ?? 0) >= 30_000);
});
