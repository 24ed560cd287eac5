import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, beforeEach } from 'node:test';
import { fakeCommands } from '../../base/fake-command.ts';

const cache = mkdtempSync(join(tmpdir(), 'meshproof-registry-'));
process.env['MESHPROOF_CACHE'] = cache;
const { ensureImagesFromRegistry, registryAnswers } = await import('./registry.ts');
const { recordedDigests, withoutDigest, digestIn } = await import('./mirror.ts');
const { pins } = await import('./recipe.ts');

after(() => rmSync(cache, { recursive: true }));
beforeEach(() => {
  delete process.env['MESHPROOF_REGISTRY'];
  delete process.env['MESHPROOF_TRUST_IMAGES'];
  rmSync(join(cache, 'registry-digests.json'), { force: true });
});

const engine = { endpoint: 'unix:///nowhere.sock', version: '1', ours: false };
const pinned = digestIn(pins.registry.node) ?? '';

/** An engine that has all images, each with one digest. */
const engineWith = (nodeDigest: string, istioDigest: string) =>
  fakeCommands({
    docker: `
case "$*" in
  *RepoDigests*${withoutDigest(pins.registry.node)}*) echo '["kindest/node@${nodeDigest}"]' ;;
  *RepoDigests*) echo '["istio/pilot@${istioDigest}"]' ;;
esac`,
  });

test('an image with the pinned digest is used', async () => {
  await using _docker = await engineWith(pinned, 'sha256:1');
  const { node } = await ensureImagesFromRegistry(engine, {});
  assert.equal(node, withoutDigest(pins.registry.node));
});

test('an image on the engine with another digest than the pinned one is refused', async () => {
  await using _docker = await engineWith('sha256:other', 'sha256:1');
  await assert.rejects(
    ensureImagesFromRegistry(engine, {}),
    /has sha256:other, and pins\.json has .*docker image rm/,
  );
});

test('with MESHPROOF_TRUST_IMAGES another digest is used and reported', async () => {
  process.env['MESHPROOF_TRUST_IMAGES'] = '1';
  await using _docker = await engineWith('sha256:other', 'sha256:1');
  const { notes } = await ensureImagesFromRegistry(engine, {});
  assert.match(notes.join('\n'), /has sha256:other.*MESHPROOF_TRUST_IMAGES/);
});

test('the digest of an image without a pin is recorded and compared from then on', async () => {
  {
    await using _docker = await engineWith(pinned, 'sha256:1');
    const { notes } = await ensureImagesFromRegistry(engine, {});
    assert.match(notes.join('\n'), /has no digest in pins\.json; its first pull gave sha256:1/);
  }
  assert.equal((await recordedDigests())[pins.registry.pilot], 'sha256:1');
  await using _docker = await engineWith(pinned, 'sha256:2');
  await assert.rejects(
    ensureImagesFromRegistry(engine, {}),
    /has sha256:2, and .*registry-digests\.json has sha256:1/,
  );
});

test('an image is pulled from a mirror by its digest', async () => {
  process.env['MESHPROOF_REGISTRY'] = 'mirror.example';
  await using docker = await fakeCommands({
    docker: `
case "$*" in
  info*) echo / ;;
  "image inspect"*) echo "No such image" >&2; exit 1 ;;
  pull*) echo "manifest unknown" >&2; exit 1 ;;
esac`,
  });
  await assert.rejects(
    ensureImagesFromRegistry(engine, {}),
    /Cannot pull mirror\.example\/kindest.*MESHPROOF_TRUST_IMAGES/,
  );
  const pull = (await docker.calls()).find((call) => call.startsWith('docker pull')) ?? '';
  assert.ok(pull.endsWith(`@${pinned}`), pull);
});

test('a mirror is asked over plain HTTP only if MESHPROOF_REGISTRY says so', async () => {
  const asked = async (registry: string): Promise<string> => {
    process.env['MESHPROOF_REGISTRY'] = registry;
    await using docker = await fakeCommands({
      docker: 'case "$*" in image*) echo "No such image" >&2; exit 1 ;; esac',
    });
    await registryAnswers(engine, {});
    return (await docker.calls()).find((call) => call.startsWith('docker manifest')) ?? '';
  };
  assert.doesNotMatch(await asked('mirror.example:5000'), /--insecure/);
  assert.match(await asked('http://mirror.example:5000'), /--insecure mirror\.example:5000/);
  assert.match(await asked('127.0.0.1:5000'), /--insecure/);
});
