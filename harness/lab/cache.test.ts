import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { timeouts } from '../base/timeouts.ts';
import { ensureCached, sweepUnfinished } from './cache.ts';

const root = () => temporaryFolder();
const text = (folder: string) => readFileSync(join(folder, 'k6'), 'utf8');
const writes = (what: string) => async (unfinished: string) => writeFileSync(join(unfinished, 'k6'), what);

test('what is there is not built again', async () => {
  const folder = join(root(), 'k6-1');
  await ensureCached(folder, ['k6'], writes('first'));
  await ensureCached(folder, ['k6'], writes('second'));
  assert.equal(text(folder), 'first');
  assert.deepEqual(readdirSync(dirname(folder)), ['k6-1']);
});

test('of two that build at once the slower takes what the faster one made, and leaves it in place', async () => {
  const folder = join(root(), 'k6-1');
  await ensureCached(folder, ['k6'], async (unfinished) => {
    writeFileSync(join(unfinished, 'k6'), 'slower');
    mkdirSync(folder); // another process, done meanwhile
    writeFileSync(join(folder, 'k6'), 'faster');
  });
  assert.equal(text(folder), 'faster');
  assert.deepEqual(readdirSync(dirname(folder)), ['k6-1']);
});

test('a folder that lacks files is made again', async () => {
  const folder = join(root(), 'k6-1');
  mkdirSync(folder);
  writeFileSync(join(folder, 'other'), '');
  await ensureCached(folder, ['k6'], writes('again'));
  assert.deepEqual(readdirSync(folder), ['k6']);
});

test('a build that fails leaves nothing', async () => {
  const folder = join(root(), 'k6-1');
  await assert.rejects(
    ensureCached(folder, ['k6'], () => Promise.reject(new Error('no compiler'))),
    /no compiler/,
  );
  assert.deepEqual(readdirSync(dirname(folder)), []);
});

test('work that was left for more than a day is removed; work of today and what is finished stay', async () => {
  const cache = root();
  const old = new Date(Date.now() - timeouts.abandonedMs - 60_000);
  const make = (path: string, when?: Date) => {
    mkdirSync(join(cache, path), { recursive: true });
    writeFileSync(join(cache, path, 'file'), '');
    if (when) utimesSync(join(cache, path), when, when);
    return join(cache, path);
  };
  const gone = [make('tmp/store-archive-aB3dE6', old), make('binaries/k6-1.77.unfinished', old)];
  const kept = [
    make('tmp/of-somebody', old),
    make('tmp/store-aB3dE7'),
    make('binaries/k6-2.78.unfinished'),
    make('binaries/k6-3', old),
  ];
  await sweepUnfinished(cache);
  assert.deepEqual(gone.filter(existsSync), []);
  assert.deepEqual(kept.filter(existsSync), kept);
  await sweepUnfinished(join(cache, 'nonexistent'));
});

test('a folder of the cache that is a link is not swept, and neither is a link in it', async () => {
  const [cache, elsewhere] = [root(), root()];
  const old = new Date(Date.now() - timeouts.abandonedMs - 60_000);
  const other = join(elsewhere, 'image-aB3dE6');
  mkdirSync(other);
  utimesSync(other, old, old);
  symlinkSync(elsewhere, join(cache, 'tmp'));
  mkdirSync(join(cache, 'binaries'));
  symlinkSync(other, join(cache, 'binaries/k6-1.77.unfinished'));
  await sweepUnfinished(cache);
  assert.deepEqual([existsSync(other), readdirSync(join(cache, 'binaries')).length], [true, 1]);
});
