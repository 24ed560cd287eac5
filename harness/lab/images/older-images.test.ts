import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeCommands } from '../../base/fake-command.ts';
import { removeOlder } from './older-images.ts';

const engine = { endpoint: 'unix:///nowhere.sock', version: '1', ours: false };

test('the current image and the two newest others stay; an image in use does not stop the removal of the rest', async () => {
  await using docker = await fakeCommands({
    docker: `
case "$*" in
  images*) printf 'node:%s\\n' b now a used old ;;
  "rmi node:used") echo "image is being used" >&2; exit 1 ;;
esac`,
  });
  await removeOlder(engine, 'node', 'node:now');
  const removed = (await docker.calls()).filter((call) => call.includes(' rmi '));
  assert.deepEqual(removed, ['docker rmi node:used', 'docker rmi node:old']);
});
