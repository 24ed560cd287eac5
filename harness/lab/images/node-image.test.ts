import assert from 'node:assert/strict';
import test from 'node:test';
import { fakeCommands } from '../../base/fake-command.ts';
import { nodeImageName } from './node-image.ts';

const nameWith = async (go: string): Promise<string> => {
  await using _go = await fakeCommands({ go });
  return await nodeImageName();
};

test('the name of the node image changes with the compiler of its binaries', async () => {
  const first = await nameWith('echo go1.26.1; echo amd64');
  assert.match(first, /^meshproof\/node:[0-9a-f]{12}$/);
  assert.equal(await nameWith('echo go1.26.1; echo amd64'), first);
  assert.notEqual(await nameWith('echo go1.26.2; echo amd64'), first);
});
