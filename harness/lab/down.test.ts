import assert from 'node:assert/strict';
import {} from 'node:fs/promises';
import test from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { fakeCommands } from '../base/fake-command.ts';
import { labObjects, removeLab } from './down.ts';

/** An engine with lab `a`: a node and the link, and beside them what others put on its network. `gone` is made by `network rm`. */
const dockerScript = `
[ -e "$FAKE/gone" ] && exit 0
case "$*" in
  "network ls"*) echo meshproof-a-west-net ;;
  "container ls"*"label=meshproof.dev/lab=a"*) echo meshproof-a-link ;;
  "container ls"*"network=meshproof-a-west-net"*)
    printf '%s\\t%s\\n' meshproof-a-link '' meshproof-a-west-control-plane meshproof-a-west database '' other-control-plane other ;;
  "container ls"*"label=io.x-k8s.kind.cluster"*)
    printf '%s\\t%s\\n' meshproof-a-east-control-plane meshproof-a-east other-control-plane other ;;
  "container inspect"*) echo meshproof-a-west-net ;;
  "network rm"*) touch "$FAKE/gone" ;;
esac`;

const lab = async () => ({
  name: 'a',
  folder: temporaryFolder(),
  engine: { endpoint: 'unix:///nowhere.sock', version: '1', ours: false },
});

test('a lab has its labelled containers and the nodes of its clusters; whatever else is on its networks is a stranger', async () => {
  await using _docker = await fakeCommands({ docker: dockerScript });
  assert.deepEqual(await labObjects(await lab()), {
    networks: ['meshproof-a-west-net'],
    containers: ['meshproof-a-link', 'meshproof-a-west-control-plane'],
    strangers: [
      { container: 'database', network: 'meshproof-a-west-net' },
      { container: 'other-control-plane', network: 'meshproof-a-west-net' },
    ],
  });
});

test('down removes what is ours, nodes that are not on a network yet among it, and takes others off its networks', async () => {
  await using docker = await fakeCommands({ docker: dockerScript });
  const { stood, disconnected } = await removeLab(await lab());
  assert.equal(stood, true);
  assert.deepEqual(
    disconnected.map(({ container }) => container),
    ['database', 'other-control-plane'],
  );
  const changes = (await docker.calls()).filter((call) => / (rm|disconnect) /.test(call));
  assert.deepEqual(changes, [
    'docker rm -f -v meshproof-a-link meshproof-a-west-control-plane meshproof-a-east-control-plane',
    'docker network disconnect -f meshproof-a-west-net database',
    'docker network disconnect -f meshproof-a-west-net other-control-plane',
    'docker network rm meshproof-a-west-net',
  ]);
});
