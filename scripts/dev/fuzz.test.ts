import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { runTarget } from './fuzz/run-target.ts';
import { targets, type Target } from './fuzz/targets.ts';

for (const target of targets)
  test(
    `hostile inputs of the reader ${target.name} end with its result or a clear error`,
    { timeout: 30_000 },
    async () => {
      assert.equal(await runTarget(target, { seed: 13, runs: 12 }), undefined);
    },
  );

const reader = (read: (input: string, outside: string) => unknown): Target => ({
  name: 'wrong',
  property: (act) =>
    fc.asyncProperty(
      fc.string({ maxLength: 5 }),
      act((input: string, { outside }) => read(input, outside)),
    ),
});

for (const [what, read, kind] of [
  [
    'throws a TypeError',
    (input: string) => input.length > 2 && (undefined as unknown as Target).name,
    /^TypeError/,
  ],
  [
    'writes outside',
    (_: string, outside: string) => writeFileSync(join(outside, 'x'), ''),
    /wrote outside of its folder/,
  ],
  ['deletes outside', (_: string, outside: string) => rmSync(join(outside, 'precious')), /wrote outside/],
] as const)
  test(`a reader that ${what} is found, with a small input`, async () => {
    const finding = await runTarget(reader(read), { seed: 1, runs: 50 });
    assert.match(finding?.kind ?? '', kind);
    assert.ok((finding?.input.length ?? 0) <= 5);
  });
