import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { fakeCommands } from '../base/fake-command.ts';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { labFolder, labMeshFile } from './paths.ts';
import { statusOf } from './status.ts';

temporaryFolder('MESHPROOF_STATE');
process.env['DOCKER_HOST'] = 'unix:///nowhere.sock';

mkdirSync(labFolder('one'));
writeFileSync(labMeshFile('one'), '');

/** A fake engine that runs the link and a node of lab `one`. */
const running = () =>
  fakeCommands({
    docker: `
case "$*" in
  version*) echo 28.0 ;;
  *meshproof.dev/owner*) ;;
  "network ls"*) echo meshproof-one-net ;;
  "container ls"*"label=meshproof.dev/lab=one"*) echo meshproof-one-link ;;
  "container ls"*"network=meshproof-one-net"*) printf 'meshproof-one-west-control-plane\\tmeshproof-one-west\\n' ;;
  "container inspect"*) echo running ;;
esac`,
  });

test('a lab with a fault in place is broken, even if all its containers run', async () => {
  await using _docker = await running();
  const left = 'process 7 was killed and left a fault in place: link-partitioned; run `meshproof heal`';
  const asked: string[] = [];
  const status = await statusOf('one', async (file) => {
    asked.push(file);
    return [left];
  });
  assert.deepEqual(asked, [labMeshFile('one')]);
  assert.equal(status.state, 'broken');
  assert.deepEqual(status.problems, [left]);
  assert.deepEqual(
    status.containers.map(({ state }) => state),
    ['running', 'running'],
  );
});

test('a journal that cannot be read is a problem', async () => {
  await using _docker = await running();
  const status = await statusOf('one', () => Promise.reject(new Error('EACCES: journal')));
  assert.deepEqual([status.state, status.problems], ['broken', ['EACCES: journal']]);
});
