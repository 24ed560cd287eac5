import assert from 'node:assert/strict';
import test from 'node:test';
import { differencesFromLock, formatLock, parseAptCache, parseLock, readLock } from './debian-lock.ts';
import { pins } from './recipe.ts';

const sha256 = 'ab'.repeat(32);
const entry = (name: string, version: string, hash = sha256) => ({ name, version, sha256: hash });

test('a lock file is read as it was written', () => {
  const packages = [entry('bash', '5.2'), entry('zlib1g', '1:1.2.13.dfsg-1')];
  assert.deepEqual(parseLock(formatLock(packages)), packages);
});

test('a line of another form is refused', () => {
  for (const line of ['bash=5.2', `bash 5.2=${sha256}`, `bash=5.2=${sha256}0`])
    assert.throws(() => parseLock(line), /is not name=version=sha256/, line);
});

test('the committed lock has every package that pins.json names', async () => {
  const names = new Set((await readLock()).map(({ name }) => name));
  assert.deepEqual(
    pins.debian.packages.filter((name) => !names.has(name)),
    [],
  );
});

test('packages are read from the output of apt-cache show', () => {
  const printed = `Package: bash\nVersion: 5.2\nDescription: shell\nSHA256: ${sha256}\n\nPackage: dash\nVersion: 0.5\nSHA256: ${sha256}\n\n`;
  assert.deepEqual(parseAptCache(printed), [entry('bash', '5.2'), entry('dash', '0.5')]);
  assert.throws(
    () => parseAptCache('Package: bash\nVersion: 5.2\n'),
    /does not know the SHA-256 of Debian package bash/,
  );
});

test('other versions, new packages and missing packages are differences', () => {
  const locked = [entry('bash', '5.2'), entry('dash', '0.5'), entry('sed', '4')];
  assert.deepEqual(differencesFromLock(locked, locked), []);
  assert.deepEqual(
    differencesFromLock(locked, [entry('bash', '5.3', 'other'), entry('dash', '0.5'), entry('tar', '1')]),
    ['bash 5.2 -> 5.3', 'tar (not locked) -> 1', 'sed 4 -> (not installed)'],
  );
});

test('other contents under a locked version are refused', () => {
  assert.throws(
    () => differencesFromLock([entry('bash', '5.2')], [entry('bash', '5.2', 'cd'.repeat(32))]),
    /bash 5\.2 has SHA-256 cdcd.*do not use this mirror/,
  );
});
