import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptFor } from './kept.ts';

test('a fact is made once for each cluster, and its parts are asked for each time', () => {
  const [west, east] = [{ name: 'west' }, { name: 'east' }];
  const calls: string[] = [];
  const fact = keptFor(
    ({ name }: { name: string }) => calls.push(`ask ${name}`),
    ({ name }) => {
      calls.push(`make ${name}`);
      return name;
    },
  );
  // flatMap gives its callback the index and the array too.
  assert.deepEqual([west, east, west].flatMap(fact), ['west', 'east', 'west']);
  assert.deepEqual(calls, ['ask west', 'make west', 'ask east', 'make east', 'ask west']);
});

test('a fact without a value is kept, and a fact that was not read is not', () => {
  let made = 0;
  const absent = keptFor(
    (_view: object, _cluster: object) => undefined,
    () => void made++,
  );
  const [view, cluster] = [{}, {}];
  assert.deepEqual([absent(view, cluster), absent({}, cluster), made], [undefined, undefined, 1]);
  const refused = keptFor(
    (_cluster: object) => undefined,
    () => {
      if (made++ < 2) throw new Error('not read');
      return made;
    },
  );
  assert.throws(() => refused(cluster), /not read/);
  assert.equal(refused(cluster), 3);
});
