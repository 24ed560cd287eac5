import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeCommands } from '../../base/fake-command.ts';
import { temporaryFolder } from '../../base/temporary-folder.ts';
import { ensureImages } from './index.ts';

temporaryFolder('MESHPROOF_CACHE');

const engine = { endpoint: 'unix:///nowhere.sock', version: '1', ours: false };

test('if the images exist, no disk is checked and no image is built', async () => {
  await using docker = await fakeCommands({ docker: 'echo sha256:0' });
  assert.equal((await ensureImages('auto', engine, {})).source, 'packages');
  assert.deepEqual(
    (await docker.calls()).filter((call) => !call.startsWith('docker image inspect')),
    [],
  );
});

test('before an image is pulled, the disks are checked', async () => {
  await using docker = await fakeCommands({
    docker: `
case "$*" in
  info*) echo /nonexistent ;;
  "image inspect"*) echo "No such image" >&2; exit 1 ;;
  pull*) echo refused >&2; exit 1 ;;
esac`,
  });
  await assert.rejects(ensureImages('registry', engine, {}), /Cannot pull/);
  const calls = (await docker.calls()).map((call) => call.split(' ')[1]);
  assert.ok(calls.includes('info') && calls.indexOf('info') < calls.indexOf('pull'));
});
