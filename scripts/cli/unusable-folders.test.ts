import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../harness/base/temporary-folder.ts';

const folder = temporaryFolder();
const program = join(import.meta.dirname, 'meshproof.ts');

/** Runs a verb in the temporary folder, which may take 20 s. */
function run(env: Record<string, string>, ...args: string[]) {
  const { NODE_COMPILE_CACHE: _, ...own } = process.env;
  const options = { cwd: folder, env: { ...own, ...env }, encoding: 'utf8', timeout: 20_000 } as const;
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], options);
  return { status, stderr };
}
const cache = { MESHPROOF_CACHE: join(folder, 'cache') };

for (const variable of ['MESHPROOF_CACHE', 'MESHPROOF_STATE'])
  test(`a relative ${variable} is refused, and no folder is made`, () => {
    const { status, stderr } = run({ ...cache, [variable]: 'rel' }, 'chaos', 'list');
    assert.equal(status, 3);
    assert.match(
      stderr,
      new RegExp(`^meshproof: ${variable}=rel is a relative path\\. Set an absolute path`),
    );
    assert.equal(existsSync(join(folder, 'rel')), false);
  });

test('a cache or state folder that cannot be made ends a verb with an error, and not with a wait', () => {
  const { status, stderr } = run(
    { MESHPROOF_CACHE: '/proc/x', MESHPROOF_STATE: '/proc/x' },
    ...['down', '--name', 'one'],
  );
  assert.equal(status, 3);
  assert.match(stderr, /^meshproof: Folder \/proc\/x\/one cannot be made: ENOENT/);
});

test('down deletes nothing behind a link, with --force neither', () => {
  const state = join(folder, 'state');
  const precious = join(folder, 'precious');
  mkdirSync(state, { mode: 0o700 });
  mkdirSync(precious);
  writeFileSync(join(precious, 'file'), '');
  symlinkSync(precious, join(state, 'one'));
  const env = { ...cache, MESHPROOF_STATE: state };
  const { status, stderr } = run(env, 'down', '--name', 'one', '--force');
  assert.equal(status, 3);
  assert.match(stderr, /one is a symbolic link.*Delete the link: `rm /);
  assert.deepEqual([readdirSync(precious), readdirSync(state)], [['file'], ['one']]);
  chmodSync(state, 0o770);
  assert.match(run(env, 'status').stderr, /Other users can write to the state folder .*`chmod go-w /);
});
