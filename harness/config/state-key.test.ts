import { temporaryFolder } from '../base/temporary-folder.ts';
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ensureMarkKey } from './state-key.ts';

const temporaryState = temporaryFolder('MESHPROOF_STATE');

const folder = (): string => mkdtempSync(join(temporaryState, 'key-'));

test('the key is 32 bytes that others cannot read, and stays the same', async () => {
  const at = join(folder(), 'state');
  const key = await ensureMarkKey(at);
  assert.equal(key.length, 32);
  assert.equal(statSync(join(at, 'mark-key')).mode & 0o777, 0o600);
  assert.deepEqual(await ensureMarkKey(at), key);
});

test('all who create it at once get the same key, and no other file stays', async () => {
  const at = folder();
  const keys = await Promise.all(Array.from({ length: 20 }, () => ensureMarkKey(at)));
  assert.equal(new Set(keys.map((key) => key.toString('hex'))).size, 1);
  assert.deepEqual(readdirSync(at), ['mark-key']);
});

for (const [title, make, words] of [
  ['a symbolic link', (file) => symlinkSync('/dev/zero', file), /it is a symbolic link/],
  ['a symbolic link to nothing', (file) => symlinkSync(`${file}.not-there`, file), /it is a symbolic link/],
  ['a folder', (file) => mkdirSync(file), /it is not a file/],
  ['empty', (file) => writeFileSync(file, '', { mode: 0o600 }), /it has 0 bytes, not 32/],
  [
    'readable by others',
    (file) => {
      writeFileSync(file, Buffer.alloc(32));
      chmodSync(file, 0o640);
    },
    /its mode 640 lets others use it/,
  ],
] as [string, (file: string) => void, RegExp][])
  test(`a key that is ${title} is refused`, async () => {
    const at = folder();
    make(join(at, 'mark-key'));
    await assert.rejects(ensureMarkKey(at), words);
    assert.deepEqual(readdirSync(at), ['mark-key'], 'nothing was written');
  });

test('a key of another user is refused', async (t) => {
  const at = folder();
  await ensureMarkKey(at);
  t.mock.method(process as { getuid: () => number }, 'getuid', () => statSync(at).uid + 1);
  await assert.rejects(ensureMarkKey(at), /it belongs to the user with id/);
});
