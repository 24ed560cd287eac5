import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeCommands } from '../base/fake-command.ts';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { ensureCommands } from './debian.ts';

temporaryFolder('MESHPROOF_CACHE');

/** Fails while another apt-get runs, as apt-get does. Installs a command with the name of the package. */
const aptGet = `
mkdir "$FAKE/lock" 2>/dev/null || { echo 'E: Could not get lock /var/lib/dpkg/lock-frontend' >&2; exit 100; }
sleep 0.2
case "$*" in
  *install*) for last; do :; done; printf '#!/bin/sh\\n' >"$FAKE/$last"; chmod +x "$FAKE/$last" ;;
esac
rmdir "$FAKE/lock"`;

test('commands that are needed at the same time are installed one after another', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 0);
  await using fake = await fakeCommands({ 'apt-get': aptGet });
  const needs = (command: string) => ensureCommands({ [command]: command }, 'A test', {});
  await Promise.all([needs('mp-fake-one'), needs('mp-fake-two')]);
  const installed = (await fake.calls()).filter((call) => call.includes(' install '));
  assert.equal(installed.length, 2);
  assert.ok(
    installed.every((call) => call.includes('-o DPkg::Lock::Timeout=300')),
    'apt-get waits for an apt-get of other programs',
  );
});

test('a command that another process installed during the wait is not installed again', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 0);
  await using fake = await fakeCommands({ 'apt-get': aptGet });
  const needs = () => ensureCommands({ 'mp-fake-three': 'mp-fake-three' }, 'A test', {});
  await Promise.all([needs(), needs()]);
  assert.equal((await fake.calls()).filter((call) => call.includes(' install ')).length, 1);
});

test('without the right to install packages, the error names the missing command and its purpose', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 1000);
  const asking = ensureCommands({ 'mp-fake-four': 'package' }, 'A test', {});
  await assert.rejects(asking, /A test needs missing commands: mp-fake-four\. Install them/);
});
