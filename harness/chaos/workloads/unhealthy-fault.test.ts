import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mesh, Pod } from '../../mesh/attach.ts';
import { podsFailing } from './unhealthy-fault.ts';

const pods = ['a', 'b', 'c'].map((name) => ({ namespace: 'n', name, ready: name !== 'c' }) as Pod);
const mesh = { cluster: () => ({ pods: async () => pods }) } as unknown as Mesh;
const chosen = (given: object) =>
  podsFailing.prepare(mesh, podsFailing.parameters.parse({ cluster: 'west', ...given }), 'abcdefgh');

test('all ready pods are changed, or as many as given, or the given one', async () => {
  const [a, b] = pods.map(({ namespace, name }) => ({ namespace, name }));
  assert.deepEqual(await chosen({}), { pods: [a, b] });
  assert.deepEqual(await chosen({ count: 1 }), { pods: [a] });
  assert.deepEqual(await chosen({ pod: 'b' }), { pods: [b] });
});

test('a pod that is not ready or not there is refused by its name', async () => {
  for (const pod of ['c', 'd'])
    await assert.rejects(
      chosen({ pod }),
      new RegExp(`Cluster west: service catalog does not have a ready pod ${pod}\\.`),
    );
});
