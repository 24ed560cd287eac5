import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fakeCommands } from '../base/fake-command.ts';
import { diskOf, refuseFullDisk, shortage, type Need } from './disk.ts';

const gib = 2 ** 30;
const need = (path: string, device: number, neededGib: number, freeGib: number): Need => ({
  path,
  device,
  neededBytes: neededGib * gib,
  freeBytes: freeGib * gib,
});

test('disks with exactly the needed space pass', () => {
  assert.equal(shortage([need('/cache', 1, 6, 6), need('/docker', 2, 6, 7)]), undefined);
  assert.equal(shortage([need('/cache', 1, 6, 12), need('/docker', 1, 6, 12)]), undefined);
});

test("the disks of the cache and of Docker's folder are checked separately", () => {
  assert.match(
    shortage([need('/cache', 1, 6, 5.5), need('/docker', 2, 6, 9)]) ?? '',
    /disk of \/cache has 5\.5 GiB free, but 6\.0 GiB are needed/,
  );
  assert.match(
    shortage([need('/cache', 1, 6, 50), need('/docker', 2, 6, 1)]) ?? '',
    /disk of \/docker has 1\.0/,
  );
});

test('needs of the same disk add up', () => {
  assert.match(
    shortage([need('/cache', 1, 6, 11), need('/docker', 1, 6, 11)]) ?? '',
    /disk of \/cache and \/docker has 11\.0 GiB free, but 12\.0 GiB are needed/,
  );
});

test('a disk that the work does not write to may be full', () => {
  assert.equal(shortage([need('/cache', 1, 0, 0), need('/docker', 2, 2, 3)]), undefined);
});

const engine = { endpoint: 'unix:///nowhere.sock', version: '1', ours: false };
/** The cache and Docker's folder are on different disks. */
const disks = (cacheGib: number, dockerGib: number) => async (path: string) =>
  path === '/docker' ? { device: 1, freeBytes: dockerGib * gib } : { device: 2, freeBytes: cacheGib * gib };

test('a full disk is refused, with a remedy', async () => {
  await using _docker = await fakeCommands({ docker: '[ "$1" = info ] && echo /docker' });
  await assert.rejects(
    refuseFullDisk(engine, 'cluster', {}, disks(100, 1)),
    /\/docker has 1\.0 GiB.*data-root/,
  );
  await assert.rejects(refuseFullDisk(engine, 'build', {}, disks(100, 5)), /\/docker has 5\.0 GiB/);
  await assert.rejects(refuseFullDisk(engine, 'build', {}, disks(5, 100)), /has 5\.0 GiB.*MESHPROOF_CACHE/);
});

test('a cluster does not need space in the cache', async () => {
  await using _docker = await fakeCommands({ docker: '[ "$1" = info ] && echo /docker' });
  await refuseFullDisk(engine, 'cluster', {}, disks(0, 2));
});

test('a missing folder is on the disk of its parent', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'meshproof-disk-'));
  t.after(() => rmSync(folder, { recursive: true }));
  assert.equal((await diskOf(join(folder, 'not/there'))).device, (await diskOf(folder)).device);
});
