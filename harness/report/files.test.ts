import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';
import { UnusablePath } from '../base/folders.ts';
import { describeMachine, describeMesh, readContext, writeContext, type RunContext } from './context.ts';
import { pointLatestTo, writeAtomically, writePrivately } from './files.ts';
import { sampleMesh } from './sample.ts';

let dir = '';
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'meshproof-files-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('an atomic write replaces the text and leaves no temporary file, also if it fails', async () => {
  await writeAtomically(path.join(dir, 'new/a'), '1');
  await writeAtomically(path.join(dir, 'new/a'), '2');
  assert.equal(await readFile(path.join(dir, 'new/a'), 'utf8'), '2');
  await mkdir(path.join(dir, 'new/b/c'), { recursive: true });
  await assert.rejects(writeAtomically(path.join(dir, 'new/b'), '3'), /Cannot write .*new\/b/);
  assert.deepEqual(await readdir(path.join(dir, 'new')), ['a', 'b']);
});

test('a private file is readable by its user only, also when it replaces one that others could read', async () => {
  const file = path.join(dir, 'archive');
  await writeFile(file, 'old');
  await chmod(file, 0o644);
  await writePrivately(file, Buffer.from('new'));
  assert.equal(await readFile(file, 'utf8'), 'new');
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(dir), ['archive']);
});

test('a private file does not follow a link, and replaces nothing but a regular file', async () => {
  const at = (name: string) => path.join(dir, name);
  await writeFile(at('target'), 'precious');
  await symlink('target', at('link'));
  await symlink('nowhere', at('dangling'));
  for (const file of [at('link'), at('dangling')])
    await assert.rejects(writePrivately(file, Buffer.from('x')), (error: Error) => {
      assert.ok(error instanceof UnusablePath);
      return /is a symbolic link\. Delete it \(`rm /.test(error.message);
    });
  await assert.rejects(writePrivately(dir, Buffer.from('x')), /not a regular file/);
  await assert.rejects(writePrivately('/dev/null', Buffer.from('x')), /not a regular file/);
  assert.equal(await readFile(at('target'), 'utf8'), 'precious');
  assert.deepEqual((await readdir(dir)).sort(), ['dangling', 'link', 'target']);
});

test('a write that is aborted leaves the old file and nothing else', async () => {
  const file = path.join(dir, 'archive');
  await writeFile(file, 'old');
  const ended = new AbortController();
  const writing = writePrivately(file, Buffer.alloc(64 * 1024 * 1024), ended.signal);
  setImmediate(() => ended.abort(new Error('Ctrl-C')));
  await assert.rejects(writing, /^Error: Ctrl-C$/);
  assert.deepEqual([await readdir(dir), await readFile(file, 'utf8')], [['archive'], 'old']);
});

test('a write that fails half way leaves the old file and nothing else', async () => {
  const file = path.join(dir, 'archive');
  await writeFile(file, 'old');
  const script = `const { writePrivately } = await import(${JSON.stringify(new URL('./files.ts', import.meta.url).href)});
    await writePrivately(${JSON.stringify(file)}, Buffer.alloc(1_000_000)).catch(({ message }) => console.log(message));`;
  // A limit of 100 blocks for each file: writing ends as it does on a full disk.
  const limited = 'trap "" XFSZ; ulimit -f 100; exec "$0" --input-type=module -e "$1"';
  const { stdout, stderr } = spawnSync('bash', ['-c', limited, process.execPath, script], {
    encoding: 'utf8',
    env: { ...process.env, NODE_COMPILE_CACHE: undefined },
  });
  assert.match(stdout, /Cannot write .*archive.*EFBIG/, stderr);
  assert.deepEqual([await readdir(dir), await readFile(file, 'utf8')], [['archive'], 'old']);
});

test('latest points to the last run, and a folder of that name stays', async () => {
  assert.ok(await pointLatestTo(path.join(dir, 'one')));
  assert.ok(await pointLatestTo(path.join(dir, 'two')));
  assert.equal(await readlink(path.join(dir, 'latest')), 'two');
  await rm(path.join(dir, 'latest'));
  await mkdir(path.join(dir, 'latest'));
  assert.equal(await pointLatestTo(path.join(dir, 'two')), false);
});

const context: RunContext = {
  ...{
    name: 'run',
    command: 'npm run certify',
    startedAt: '2026-09-14T09:00:00.000Z',
    versions: { istio: '1.31' },
  },
  ...{ mesh: sampleMesh, machine: describeMachine() },
};

test('reading a written context restores it, and an invalid one is reported', async () => {
  await writeContext(dir, context);
  assert.deepEqual(await readContext(dir), context);
  await writeFile(path.join(dir, 'context.json'), '{"name":"x"}');
  await assert.rejects(readContext(dir), /Cannot read the run context .*context\.json.*startedAt/s);
});

test('without a context the mesh file is used if it is readable', async () => {
  const file = path.join(dir, 'mesh.yaml');
  await writeFile(file, 'meshId: m\ntrustDomain: t\nservices: []\nclusters: []\n');
  assert.equal((await readContext(dir, file)).mesh?.meshId, 'm');
  await writeFile(file, ': not [ yaml');
  assert.equal((await readContext(dir, file)).mesh, null);
  assert.equal((await readContext(dir)).name, path.basename(dir));
});

test('a mesh file is described with its gateways', () => {
  const cluster = {
    name: 'west',
    context: 'kind-west',
    role: 'primary' as const,
    network: 'n',
    region: 'r',
    zone: 'z',
  };
  const gateway = {
    address: '10.0.0.1',
    port: 15443,
    namespace: 'istio-system',
    deployment: 'istio-eastwestgateway',
  };
  const file = {
    ...{ apiVersion: 'meshproof.dev/v1' as const, kind: 'Mesh' as const, meshId: 'm', trustDomain: 't' },
    ...{ rootNamespace: 'istio-system', namespace: 'meshproof', services: [] },
    clusters: [{ ...cluster, eastWestGateway: gateway }],
  };
  const mesh = describeMesh(file, sampleMesh.link);
  assert.deepEqual(
    [mesh.lab, mesh.clusters[0]?.eastWestGateway, mesh.clusters[0]?.ingress],
    [null, '10.0.0.1:15443', null],
  );
});
