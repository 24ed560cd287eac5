import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeCommands } from '../base/fake-command.ts';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { ensureCommands } from './debian.ts';

temporaryFolder('MESHPROOF_CACHE');

/** Fails as apt-get does when another is at work; installs a command for every package, which is named as the command. */
const aptGet = `
mkdir "$FAKE/lock" 2>/dev/null || { echo 'E: Could not get lock /var/lib/dpkg/lock-frontend' >&2; exit 100; }
sleep 0.2
case "$*" in
  *install*) for last; do :; done; printf '#!/bin/sh\\n' >"$FAKE/$last"; chmod +x "$FAKE/$last" ;;
esac
rmdir "$FAKE/lock"`;

test('commands that are needed side by side are installed one after the other', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 0);
  await using fake = await fakeCommands({ 'apt-get': aptGet });
  const needs = (command: string) => ensureCommands({ [command]: command }, 'A test', {});
  await Promise.all([needs('mp-fake-one'), needs('mp-fake-two')]);
  const installed = (await fake.calls()).filter((call) => call.includes(' install '));
  assert.equal(installed.length, 2);
  assert.ok(
    installed.every((call) => call.includes('-o DPkg::Lock::Timeout=300')),
    "someone else's apt-get is waited for",
  );
});

test('what another installed meanwhile is not installed again', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 0);
  await using fake = await fakeCommands({ 'apt-get': aptGet });
  const needs = () => ensureCommands({ 'mp-fake-three': 'mp-fake-three' }, 'A test', {});
  await Promise.all([needs(), needs()]);
  assert.equal((await fake.calls()).filter((call) => call.includes(' install ')).length, 1);
});

test('who may not install packages is told what is missing and why it is needed', async (t) => {
  t.mock.method(process as { getuid: () => number }, 'getuid', () => 1000);
  const asking = ensureCommands({ 'mp-fake-four': 'package' }, 'A test', {});
  await assert.rejects(asking, /A test needs mp-fake-four\. Install that/);
});
