import assert from 'node:assert/strict';
import test from 'node:test';
import { SideBySide } from './side-by-side.ts';

test('a line has the last line of each running part, and how many parts have ended', async () => {
  const lines: string[] = [];
  const together = new SideBySide({ onLine: (line) => lines.push(line) });
  const { promise: first, resolve: endFirst } = Promise.withResolvers<string>();
  const compiling = together.part('istio', async ({ onLine }) => {
    onLine?.('istio.io/api');
    return first;
  });
  const failing = together.part('base', () => Promise.reject(new Error('no mirror')));
  await assert.rejects(failing, /no mirror/);
  endFirst('built');
  assert.equal(await compiling, 'built');
  assert.deepEqual(lines, [
    '0 of 1 done; istio',
    '0 of 1 done; istio (istio.io/api)',
    '0 of 2 done; istio (istio.io/api), base',
    '1 of 2 done; istio (istio.io/api)',
  ]);
});
