import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshCluster } from './attach.ts';
import { inEach } from './in-each.ts';
import { NotOurs } from './own-namespace.ts';

const clusters = [{ name: 'west' }, { name: 'east' }] as unknown as MeshCluster[];

test('what each cluster gave comes in their order', async () => {
  assert.deepEqual(await inEach(clusters, ({ name }) => Promise.resolve(name)), ['west', 'east']);
});

test('every failure is named, after all have ended', async () => {
  const ended: string[] = [];
  const acts = inEach(clusters, async ({ name }) => {
    await new Promise((resolve) => setTimeout(resolve, name === 'east' ? 5 : 0));
    ended.push(name);
    throw new Error(`${name} is silent`);
  });
  await assert.rejects(acts, { message: 'west is silent\neast is silent' });
  assert.deepEqual(ended, ['west', 'east']);
});

test('it is wrong use only where that is all that failed', async () => {
  const failing = (of: (name: string) => Error) => inEach(clusters, ({ name }) => Promise.reject(of(name)));
  await assert.rejects(
    failing((name) => new NotOurs(name)),
    NotOurs,
  );
  const both = failing((name) => (name === 'west' ? new NotOurs(name) : new Error(name)));
  await assert.rejects(both, (error) => error instanceof Error && !(error instanceof NotOurs));
});
