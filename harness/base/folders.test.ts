import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { anyCharacter } from './any-character.ts';
import { fileNameOf, folderFrom, inside, makeFolder, pathOf, requireOwn, UnusablePath } from './folders.ts';
import { temporaryFolder } from './temporary-folder.ts';

const folder = temporaryFolder();

test('a path of names stays below its root, whatever the root is', () => {
  assert.equal(inside(folder, 'a', 'b/c.json'), join(folder, 'a/b/c.json'));
  assert.equal(inside('/', 'a'), '/a');
});

for (const parts of [['..'], ['a', '../../b'], ['/etc'], ['.'], [''], ['a/'], ['a\0b'], ['a', '..', 'a']])
  test(`a path of ${JSON.stringify(parts)} is refused`, () => {
    assert.throws(() => inside(folder, ...parts), UnusablePath);
    assert.throws(() => pathOf(...parts), /is not safe: it holds the name/);
  });

test('a link below the root is refused wherever it leads, and the root itself may be one', () => {
  mkdirSync(join(folder, 'real/child'), { recursive: true });
  symlinkSync(join(folder, 'real'), join(folder, 'link'));
  symlinkSync('/nonexistent', join(folder, 'dangling'));
  assert.throws(() => inside(folder, 'link', 'child'), /link is a symbolic link.*Delete the link: `rm /);
  assert.throws(() => inside(folder, 'dangling'), UnusablePath);
  assert.equal(inside(join(folder, 'link'), 'child'), join(folder, 'link/child'));
});

test('a name that no file can have is refused with its reason', () =>
  assert.throws(() => inside(folder, 'x'.repeat(300)), /cannot be examined: ENAMETOOLONG/));

test('an ordinary id keeps the name that earlier versions gave its folder', () => {
  for (const id of ['mesh1', 'production', 'a.b_c~d', 'gke_project_europe-west1_c', 'arn:aws:eks:x/y', 'é %'])
    assert.equal(fileNameOf(id), encodeURIComponent(id));
});

test('every text has a safe name, and two texts have two names', () => {
  const text = fc.oneof(
    fc.string({ unit: anyCharacter }),
    fc.string({ unit: fc.constantFrom('.', '/', '%', '2', 'E', '\0', '\ud800', 'é') }),
    fc.string({ unit: fc.constantFrom('a', '/'), minLength: 100, maxLength: 400 }),
  );
  fc.assert(
    fc.property(text, text, fc.constantFrom(120, 255), (one, other, longest) => {
      const name = fileNameOf(one, longest);
      assert.equal(inside(folder, name), join(folder, name));
      assert.ok(Buffer.byteLength(name) <= longest);
      assert.equal(name === fileNameOf(other, longest), one === other);
    }),
    { seed: 1, numRuns: 500 },
  );
  assert.notEqual(fileNameOf('\ud800'), fileNameOf('\ud801'));
  assert.deepEqual(
    ['..', '%2E%2E'].map((id) => fileNameOf(id)),
    ['%2E%2E', '%252E%252E'],
  );
});

test('a variable with a relative path is refused, and an empty one is not set', (t) => {
  t.after(() => delete process.env['MESHPROOF_FOLDER']);
  assert.equal(folderFrom('MESHPROOF_FOLDER'), undefined);
  for (const [value, found] of [
    ['', undefined],
    ['/a/../b', '/b'],
  ] as const) {
    process.env['MESHPROOF_FOLDER'] = value;
    assert.equal(folderFrom('MESHPROOF_FOLDER'), found);
  }
  process.env['MESHPROOF_FOLDER'] = 'rel';
  assert.throws(
    () => folderFrom('MESHPROOF_FOLDER'),
    ({ message }: Error) =>
      message.includes(`Set an absolute path, such as MESHPROOF_FOLDER=${process.cwd()}/rel`),
  );
});

test('a folder that others can write to, of another user, or that is a file is refused with the command that mends it', (t) => {
  const own = join(folder, 'own');
  requireOwn(own, 'state folder');
  mkdirSync(own, { mode: 0o755 });
  requireOwn(own, 'state folder');
  for (const mode of [0o775, 0o757, 0o1777]) {
    chmodSync(own, mode);
    assert.throws(() => requireOwn(own, 'state folder'), /Other users can write .*`chmod go-w .*own`/);
  }
  chmodSync(own, 0o700);
  const { geteuid = () => 0 } = process;
  const uid = geteuid();
  t.mock.method(process as { geteuid: () => number }, 'geteuid', () => uid + 1);
  assert.throws(() => requireOwn(own, 'state folder'), new RegExp(`sudo chown -R ${uid + 1} .*own`));
  writeFileSync(join(folder, 'file'), '');
  assert.throws(() => requireOwn(join(folder, 'file'), 'state folder'), /is not a folder\. Delete it/);
});

test('root may use the folder of the user who ran sudo, and of no other user', (t) => {
  const own = join(folder, 'of-sudo');
  mkdirSync(own, { mode: 0o700 });
  t.mock.method(process as { geteuid: () => number }, 'geteuid', () => 0);
  const owner = process.getuid?.() ?? 0;
  t.after(() => delete process.env['SUDO_UID']);
  process.env['SUDO_UID'] = String(owner);
  requireOwn(own, 'state folder');
});

test('a folder is made for its user alone, and one that cannot be made says so, at once', () => {
  const made = join(folder, 'x/y');
  makeFolder(made);
  requireOwn(made, 'state folder');
  assert.throws(() => makeFolder('/proc/x/y'), /cannot be made: ENOENT.*MESHPROOF_STATE or MESHPROOF_CACHE/);
});
