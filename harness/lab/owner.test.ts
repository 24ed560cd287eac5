import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { temporaryFolder } from '../base/temporary-folder.ts';
import { fakeCommands } from '../base/fake-command.ts';
import { removeLab } from './down.ts';
import type { Lab } from './lab.ts';
import { ensureNetworks } from './networks.ts';
import { ForeignLab, ensureOwner, refuseForeign } from './owner.ts';

const folder = () => temporaryFolder();
const labIn = (of: string) => ({
  ...{ name: 'ci', folder: of },
  engine: { endpoint: 'unix:///nowhere.sock', version: '1', ours: false },
});
/** An engine on which a lab of that name stands: its network has the labels. */
const standing = (owner: string, state: string) =>
  fakeCommands({ docker: `case "$*" in "network ls"*) printf 'id\\t${owner}\\t${state}\\n' ;; esac` });

test('the id of a lab is created once, kept with its state, and created again if its file is incomplete', async () => {
  const [one, other] = [folder(), folder()];
  const id = await ensureOwner(one);
  assert.equal(await ensureOwner(one), id);
  assert.notEqual(await ensureOwner(other), id);
  await writeFile(join(one, 'owner'), '');
  assert.match(await ensureOwner(one), /^[0-9a-f]{16}$/);
});

test('a lab of our own is worked on, and so is one of a version that had no owners', async () => {
  const own = folder();
  for (const owner of [await ensureOwner(own), '']) {
    await using _docker = await standing(owner, '/elsewhere');
    await refuseForeign(labIn(own));
  }
});

test("another checkout's lab of the same name is refused, naming where it was made", async () => {
  const own = folder();
  await ensureOwner(own);
  await using _docker = await standing('somebody', '/their/.meshproof/ci');
  await assert.rejects(refuseForeign(labIn(own)), (error: Error) => {
    assert.ok(error instanceof ForeignLab);
    assert.match(error.message, /Lab "ci".*another checkout.*\/their\/\.meshproof\/ci/);
    assert.match(error.message, /--name.*down --name ci --force/);
    return true;
  });
});

test('a lab without its state differs from the lab of another checkout', async () => {
  const own = folder();
  await using _docker = await standing('before', own);
  await assert.rejects(refuseForeign(labIn(own)), /what was kept there is lost/);
});

test("down does not touch another checkout's lab, unless it is forced to", async () => {
  const own = folder();
  await using docker = await fakeCommands({
    docker: `
[ -e "$FAKE/gone" ] && exit 0
case "$*" in
  "network ls"*meshproof.dev/owner*) printf 'id\\tsomebody\\t/their\\n' ;;
  "network ls"*) echo meshproof-ci-net ;;
  "network rm"*) touch "$FAKE/gone" ;;
esac`,
  });
  await assert.rejects(removeLab(labIn(own)), ForeignLab);
  assert.ok(!(await docker.calls()).some((call) => call.includes(' rm ')), 'nothing was removed');
  assert.equal((await removeLab(labIn(own), { force: true })).stood, true);
  assert.ok((await docker.calls()).includes('docker network rm meshproof-ci-net'));
});

test('networks are made with the owner on them, and not into a lab that another made meanwhile', async () => {
  const own = folder();
  const topology = { networks: [{ name: 'net', subnet: '10.1.0.0/24' }] };
  const lab = { ...labIn(own), owner: await ensureOwner(own), topology } as unknown as Lab;
  {
    await using docker = await fakeCommands({
      docker: `case "$*" in *inspect*meshproof-ci-net) echo "No such network" >&2; exit 1 ;; esac`,
    });
    await ensureNetworks(lab);
    const created = (await docker.calls()).find((call) => call.startsWith('docker network create'));
    assert.match(created ?? '', new RegExp(`--label meshproof.dev/owner=${lab.owner} `));
  }
  await using _docker = await standing('somebody', '/their');
  await assert.rejects(ensureNetworks(lab), ForeignLab);
});
